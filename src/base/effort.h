/*
 * What each effort stands for: the only place where efforts are told apart. A stage looks up the
 * numbers that it works by, px_efforts.NAME[effort]. docs/efforts.md shows the table. Internal.
 */
#ifndef PX_BASE_EFFORT_H
#define PX_BASE_EFFORT_H

#include "prism.h"

enum {
    PX_EFFORT_QUICK = 3,  /* the last of method quick */
    PX_EFFORT_FITTED = 4, /* the first of method lsq */
    PX_EFFORT_DEFAULT = 5,
    PX_EFFORT_COUNT = 9 + 1 /* 0 is none */
};

typedef struct px_effort_table {
    /* ---- Choosing ---- */
    size_t sample[PX_EFFORT_COUNT];     /* elements of a sample */
    bool brisk[PX_EFFORT_COUNT];        /* looking at a sample must take next to no time */
    bool only_size[PX_EFFORT_COUNT];    /* what choosing takes does not count */
    bool quick_wide[PX_EFFORT_COUNT];   /* integers of wider elements are looked at briefly */
    bool small_native[PX_EFFORT_COUNT]; /* coder ans is tried for chunks below 4 KiB */
    int trial[PX_EFFORT_COUNT];         /* effort of trials of layouts and mappings, */
    int small_trial[PX_EFFORT_COUNT];   /* of mappings of small arrays, */
    int frame_trial[PX_EFFORT_COUNT];   /* of differences of frames for other coders */
    uint32_t
        candidates[PX_EFFORT_COUNT]; /* references of a frame that are measured, of each list */

    /* ---- Methods of coder ans ---- */
    prism_method planes[PX_EFFORT_COUNT]; /* of planes; */
    prism_method fitted[PX_EFFORT_COUNT]; /* what is tried besides, if that one learns */
    prism_method frames[PX_EFFORT_COUNT]; /* of transform stack */
    bool palette[PX_EFFORT_COUNT];        /* tried for few values, and for labels */
    bool order0[PX_EFFORT_COUNT];         /* tried for noise */
    int before[PX_EFFORT_COUNT];          /* effort by which few samples are coded, too; 0: none */
    size_t decoding_times[PX_EFFORT_COUNT]; /* decoding may take so many times an array of 1 MiB */

    /* ---- Losing ---- */
    size_t components[PX_EFFORT_COUNT];           /* principal ones that are looked for; */
    size_t component_positions[PX_EFFORT_COUNT];  /* of their covariances */
    size_t filter_positions[PX_EFFORT_COUNT];     /* of the fit of a filter */
    size_t axes[PX_EFFORT_COUNT];                 /* all axes are tried for so many elements */
    double coefficients[PX_EFFORT_COUNT];         /* of wavelets, for a byte of the elements */
    bool predicted_coefficients[PX_EFFORT_COUNT]; /* of wavelets, by components before */
    bool dependent_coefficients[PX_EFFORT_COUNT]; /* of wavelets: two quantisers and a trellis */
    bool mixed_components[PX_EFFORT_COUNT];       /* are predicted from each other */

    /* ---- What methods do ---- */
    size_t quick_taps[PX_EFFORT_COUNT], quick_gram[PX_EFFORT_COUNT]; /* positions of fits */
    size_t lsq_taps[PX_EFFORT_COUNT], lsq_gram[PX_EFFORT_COUNT];
    bool robust[PX_EFFORT_COUNT];       /* lsq: rough places and outliers count less */
    bool robust_alone[PX_EFFORT_COUNT]; /* the same for planes that do not predict each other */
    bool wide[PX_EFFORT_COUNT];         /* lsq: nine weights for each plane are tried */
    size_t frame_taps[PX_EFFORT_COUNT]; /* frames: positions of fits */
    bool window[PX_EFFORT_COUNT];       /* mixed: least squares around every sample */
    bool all_engines[PX_EFFORT_COUNT];  /* adaptive: more than one */
    bool near[PX_EFFORT_COUNT];         /* lossy: cells about predictions are tried, too */
    bool few_contexts[PX_EFFORT_COUNT]; /* palette: the fast half of them */
    int deflate_small[PX_EFFORT_COUNT]; /* level of zlib for small chunks; else the effort is */
    int jxl_small[PX_EFFORT_COUNT];     /* effort of libjxl for small pictures; else as it is */
    int zstd_level[PX_EFFORT_COUNT];    /* of libzstd; */
    int zstd_search[PX_EFFORT_COUNT]; /* its optimal parser looks at 2^n places; 0: as the level */
    bool zstd_alone[PX_EFFORT_COUNT]; /* other coders are left out where a sample says so */
    size_t zstd_sample[PX_EFFORT_COUNT]; /* bytes by which byte transforms are compared */
    int zstd_trials[PX_EFFORT_COUNT];    /* transforms that are tried with all elements */
    int jxl_memory[PX_EFFORT_COUNT];     /* libjxl takes so many times its usual memory */
} px_effort_table;

extern const px_effort_table px_efforts;

/* What decoding an array of so many bytes may take: docs/testing.md, "Memory". */
size_t px_decoding_limit(int effort, size_t bytes);

#endif
