/* The mappings, as equals. Internal. */
#ifndef PX_MAPPING_STAGE_H
#define PX_MAPPING_STAGE_H

#include "mapping/bit_patterns.h"
#include "mapping/inner_chunk.h"
#include "mapping/value_set.h"

typedef struct px_mapping_stage {
    prism_mapping number;
    /* NULL: it is tried. `part`: words of the sample. What is found of the words is kept in
     * words->values. */
    prism_status (*look)(px_verdict *verdict, const px_mapping_request *request,
                         const px_bit_patterns *words, const px_bit_patterns *part,
                         prism_error *error);
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

extern const px_mapping_stage px_mapping_levels; /* table.c: integers of 8 and 16 bits */
/* Whether px_mapping_levels may make the integers smaller, before they are words. */
bool px_levels_promise(const px_mapping_request *request);

extern const px_mapping_stage px_mapping_table;        /* table.c: all others */
extern const px_mapping_stage px_mapping_lattice;      /* lattice.c: at most 2^16 places */
extern const px_mapping_stage px_mapping_decimals;     /* lattice.c: any places of a rule */
extern const px_mapping_stage px_mapping_smooth;       /* lattice.c: places that change slowly */
extern const px_mapping_stage px_mapping_ranks;        /* lattice.c: any words */
extern const px_mapping_stage px_mapping_grid;         /* fixed.c: no bits below the integers */
extern const px_mapping_stage px_mapping_fixed;        /* fixed.c */
extern const px_mapping_stage px_mapping_smooth_fixed; /* fixed.c: integers of 64 bits */
extern const px_mapping_stage px_mapping_scaled;       /* scaled.c */

/* Decoding only, see mask.h and split.h. */
extern const px_mapping_stage px_mapping_mask, px_mapping_split;

/* A table of values, in parameters. */
void px_table_write(px_buffer *out, const px_value_set *set);

#endif
