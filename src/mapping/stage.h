/* The mappings, as equals. Internal. */
#ifndef PX_MAPPING_STAGE_H
#define PX_MAPPING_STAGE_H

#include "mapping/bit_patterns.h"
#include "mapping/inner_chunk.h"

typedef struct px_mapping_stage {
    /* Maps the words where the rule fits them: mapped->is_mapped tells. The parameters begin with
     * the mapping's number already. */
    prism_status (*encode)(px_coded *mapped, const px_mapping_request *request,
                           const px_bit_patterns *words, prism_error *error);
    /* Elements of the source's chunk. Chunks within are decoded first: words take more memory. */
    prism_status (*decode)(void *elements, px_mapping_source *source, prism_error *error);
    /* Bytes that decoding takes at most once the chunks within are decoded, for each element. */
    size_t decode_bytes;
    unsigned chunks;                           /* within the chunk */
    uint64_t (*memory)(const px_chunk *chunk); /* bytes beside those; NULL: there are none */
} px_mapping_stage;

enum { PX_WORD_BYTES = sizeof(uint64_t) + sizeof(bool) }; /* of a word that may be an exception */
enum { PX_MOST_VALUES = 1 << 16 };                        /* of a table */

extern const px_mapping_stage px_mapping_levels; /* table.c: integers of 8 and 16 bits */
/* Whether px_mapping_levels may make the integers smaller: a quick look, before they are words. */
prism_status px_levels_promise(bool *promise, const px_mapping_request *request,
                               prism_error *error);

extern const px_mapping_stage px_mapping_table;        /* table.c: all others */
extern const px_mapping_stage px_mapping_lattice;      /* lattice.c: at most 2^16 places */
extern const px_mapping_stage px_mapping_decimals;     /* lattice.c: any places of a rule */
extern const px_mapping_stage px_mapping_smooth;       /* lattice.c: integers that change slowly */
extern const px_mapping_stage px_mapping_ranks;        /* lattice.c: any words */
extern const px_mapping_stage px_mapping_grid;         /* fixed.c: no bits below the integers */
extern const px_mapping_stage px_mapping_fixed;        /* fixed.c */
extern const px_mapping_stage px_mapping_smooth_fixed; /* fixed.c: integers of 64 bits */
extern const px_mapping_stage px_mapping_scaled;       /* scaled.c */

extern const px_mapping_stage px_mapping_mask; /* mask.c: decoding only, see mask.h */

/* Whether the first of two mappings makes a sample of the elements, whose words are given, smaller
 * than the second one. */
prism_status px_mapping_compare(bool *smaller, const px_mapping_request *request,
                                const px_bit_patterns *words, const px_mapping_stage *first,
                                const px_mapping_stage *second, prism_error *error);

#endif
