/* The mappings, as equals. Internal. */
#ifndef PX_MAPPING_STAGE_H
#define PX_MAPPING_STAGE_H

#include "mapping/bit_patterns.h"
#include "mapping/exceptions.h"
#include "mapping/inner_chunk.h"
#include "mapping/value_set.h"
#include "planes/box.h"

/* A part of an array that was opened, and the integers that its elements were mapped to. */
typedef struct px_mapped_region {
    const prism_array *whole; /* squeezed, as the box */
    const px_box *box;
    prism_array array; /* of the elements of the box */
    px_integers integers;
    bool has_gaps; /* what stands at places without data is of no matter */
} px_mapped_region;

/* What is known of a chunk that was opened for parts. */
typedef struct px_opened_mapping {
    void *rule; /* the mapping's own */
    px_exception_list exceptions;
    prism_array inner;         /* the shape of the chunk that is in blocks */
    const px_gaps *inner_gaps; /* what that has; NULL: those of the chunk */
} px_opened_mapping;

/* Of a mapping whose elements can be had from the integers at the same places: they are what the
 * last chunk within the chunk holds. */
typedef struct px_mapping_regions {
    bool (*fit)(px_reader parameters, const prism_array *array); /* NULL: all do */
    /* All of the parameters, and the chunks within but the last. opened->rule is to be closed also
     * after a failure, opened->inner is the chunk's array at first. What `map` makes of exceptions
     * does not matter. */
    prism_status (*open)(px_opened_mapping *opened, px_mapping_source *source, prism_error *error);
    void (*close)(void *rule);                 /* which may be NULL */
    uint64_t (*memory)(const px_chunk *chunk); /* bytes of the rule; NULL: next to none */
    /* The box of the chunk in blocks that has the data of a box; false if there are none. NULL: it
     * is the same. */
    bool (*narrow)(const void *rule, const px_box *box, px_box *inner);
    prism_status (*map)(const void *rule, const px_mapped_region *region, void *elements,
                        prism_error *error);
    uint32_t types; /* of the integers: bits by their values; 0: they are elements still */
} px_mapping_regions;

typedef struct px_mapping_stage {
    prism_mapping number;
    /* Elements of the source's chunk. Chunks within are decoded first: words take more memory. */
    prism_status (*decode)(void *elements, px_mapping_source *source, prism_error *error);
    /* Bytes that decoding takes at most once the chunks within are decoded, for each element. */
    size_t decode_bytes;
    unsigned chunks;                           /* within the chunk */
    uint64_t (*memory)(const px_chunk *chunk); /* bytes beside those; NULL: there are none */
    /* All that decoding takes, of a mapping for which the sum of the above is not it; else NULL. */
    uint64_t (*decode_memory)(const px_chunk *squeezed, unsigned depth,
                              const px_inner_codec *codec);
    const px_mapping_regions *regions; /* NULL: all elements are decoded together */
} px_mapping_stage;

enum { PX_WORD_BYTES = sizeof(uint64_t) + sizeof(bool) }; /* of a word that may be an exception */

/* Those without an encoder below take the array apart: mask.h, split.h, colours.h, repeats.h and
 * recent.h. */
extern const px_mapping_stage px_mapping_table, px_mapping_lattice, px_mapping_fixed,
    px_mapping_scaled, px_mapping_mask, px_mapping_split, px_mapping_colours, px_mapping_repeats,
    px_mapping_recent;

/* The stage of a number, also of those of a higher room; NULL if it is not known. */
const px_mapping_stage *px_mapping_stage_of(uint8_t number, const px_inner_codec *codec);

/* A way to map words, of which choosing takes one. A stage may have several. */
typedef struct px_mapping_encoder {
    const px_mapping_stage *stage;
    /* NULL: it is tried. `part`: words of the sample. What is found of the words is kept in
     * words->values. */
    prism_status (*look)(px_verdict *verdict, const px_mapping_request *request,
                         const px_bit_patterns *words, const px_bit_patterns *part,
                         prism_error *error);
    /* Maps the words where the rule fits them: mapped->is_mapped tells. The parameters begin with
     * the mapping's number already. */
    prism_status (*encode)(px_coded *mapped, const px_mapping_request *request,
                           const px_bit_patterns *words, int variant, prism_error *error);
    int variant; /* one of those that the file has */
    bool whole;  /* no part of what it makes can be decoded alone */
} px_mapping_encoder;

extern const px_mapping_encoder px_by_levels;       /* table.c: integers of 8 and 16 bits */
extern const px_mapping_encoder px_by_table;        /* table.c: all others */
extern const px_mapping_encoder px_by_lattice;      /* lattice.c: at most 2^16 places */
extern const px_mapping_encoder px_by_decimals;     /* lattice.c: any places of a rule */
extern const px_mapping_encoder px_by_smooth;       /* lattice.c: places that change slowly */
extern const px_mapping_encoder px_by_ranks;        /* lattice.c: any words */
extern const px_mapping_encoder px_by_grid;         /* fixed_encode.c: no bits below the integers */
extern const px_mapping_encoder px_by_fixed;        /* fixed_encode.c */
extern const px_mapping_encoder px_by_smooth_fixed; /* fixed_encode.c: integers of 64 bits */
extern const px_mapping_encoder px_by_scaled;       /* scaled.c */

/* Whether px_by_levels may make the integers smaller, before they are words. */
bool px_levels_promise(const px_mapping_request *request);

/* A table of values, in parameters. */
void px_table_write(px_buffer *out, const px_value_set *set);

#endif
