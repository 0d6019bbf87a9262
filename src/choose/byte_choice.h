/* By which byte transform coder zstd makes the elements of an array smallest. Internal. */
#ifndef PX_CHOOSE_BYTE_CHOICE_H
#define PX_CHOOSE_BYTE_CHOICE_H

#include "coders/zstd.h"
#include "pipeline/pipeline.h"
#include "survey/byte_look.h"

enum { PX_MOST_BYTE_CANDIDATES = 64 };

/* What is subtracted from an element: a distance that goes with the shape. */
typedef enum px_difference { PX_NEXT = 1, PX_ROW, PX_PLANE } px_difference;

typedef struct px_byte_candidate {
    int axis;
    px_difference differences[PX_MOST_DIFFERENCES]; /* 0 is none */
    bool zigzag;
    px_shuffle shuffle;
    double bytes; /* of the array; HUGE_VAL where it is not to be used */
} px_byte_candidate;

typedef struct px_byte_choice {
    const prism_array *array;
    const void *elements;
    int effort;
    px_zstd z;
    px_byte_candidate items[PX_MOST_BYTE_CANDIDATES]; /* the one that promises most first */
    size_t count;
    const px_byte_look *look; /* of the array, or of what its elements stand for */
    bool looks_closer;        /* more places for estimates */
    bool in_brief;            /* the best one, at the effort itself, is enough */
    size_t besides;           /* bytes that come to the elements', such as a table */
    bool tried;               /* with all elements */
    px_byte_candidate kept;   /* the smallest one that was coded, in z.kept, */
    size_t kept_size;         /* SIZE_MAX where none fits */
} px_byte_choice;

/* Whether the options leave coder zstd open. */
bool px_may_be_zstd(const prism_options *options);

/* Candidates with estimates from some places of the array. The look lives as long. Free with
 * px_byte_choice_free, after a failure, too. */
prism_status px_byte_choice_make(px_byte_choice *c, const prism_array *array, const void *elements,
                                 const prism_options *options, const px_byte_look *look,
                                 prism_error *error);
void px_byte_choice_free(px_byte_choice *c);

/* Codes all elements quickly by those that promise most, and puts the best first; once. */
prism_status px_byte_choice_try(px_byte_choice *c, prism_error *error);

/* Whether coder zstd may make the array so small that no other deserves a trial. */
bool px_byte_choice_may_be_clear(px_byte_choice *c);

/* Whether coding all elements at the effort asked for may take less than `other` bytes. `far`: the
 * share of what comes again far away. */
prism_status px_byte_choice_may_win(bool *may, px_byte_choice *c, size_t other, double far,
                                    prism_error *error);

/* What the first candidate makes of another array of the same rank, such as a sample. */
prism_status px_byte_choice_size(size_t *size, px_byte_choice *c, const prism_array *array,
                                 const void *elements, prism_error *error);

/* What the first candidate makes of all elements. *coded stays empty where it is no smaller. */
prism_status px_byte_choice_encode(px_coded *coded, px_byte_choice *c, prism_error *error);

#endif
