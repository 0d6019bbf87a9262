#include "mapping/fixed.h"

#include <stdlib.h>

#include "base/sizes.h"
#include "base/status.h"
#include "mapping/bypass_bits.h"
#include "mapping/exceptions.h"

enum { INTEGER_BITS = 64 };

static prism_status read_parameters(px_fixed *f, px_reader *in, const px_number *number,
                                    prism_error *error) {
    const uint64_t shift = px_get_varint(in), floor = px_get_varint(in);
    f->zeros = px_get_u8(in);
    f->least = (int32_t)px_get_u32(in);
    const uint8_t exceptions = px_get_u8(in);
    f->has_exceptions = exceptions == 1;
    if (in->failed || !number->fraction || shift > PX_LONGEST_SHIFT || floor > shift ||
        f->zeros > number->fraction || f->least < -PX_LARGEST_LEAST ||
        f->least >= PX_LARGEST_LEAST || exceptions > 1)
        return px_fail(error, PRISM_E_CORRUPT, "the fixed-point numbers are damaged");
    f->shift = (unsigned)shift;
    f->floor = (unsigned)floor;
    return PRISM_OK;
}

/* How a number goes on, by the bit length of what it has above the cut. */
typedef struct rest {
    unsigned bits;  /* that follow */
    unsigned align; /* zeros after them, to the unit, ... */
    unsigned drop;  /* ... or zeros below the unit */
    uint64_t unit;  /* in its place above the fraction */
} rest;

static rest rest_of(const px_fixed *f, unsigned highest, unsigned from, const px_number *number) {
    const unsigned lowest = px_fixed_lowest_bit(f, highest, number);
    const unsigned unit = highest > number->fraction ? highest - number->fraction : 0;
    const unsigned last = from > lowest ? lowest : from;
    return (rest){.bits = from - last,
                  .align = last > unit ? last - unit : 0,
                  .drop = unit > last ? unit - last : 0,
                  .unit = (uint64_t)unit << number->fraction};
}

static uint64_t word_of(rest r, uint64_t above, uint64_t below) {
    return r.unit + ((above << r.bits | below) << r.align >> r.drop);
}

/* A magnitude that has nothing above the cut. False if the bits end before its highest one. */
static bool get_small(uint64_t *word, const px_fixed *f, px_bit_reader *reader,
                      const px_number *number) {
    unsigned highest = f->shift;
    do {
        if (highest <= f->floor || reader->at >= (uint64_t)reader->size * 8)
            return false;
        highest--;
    } while (!px_get_bits(reader, 1));
    const rest r = rest_of(f, highest, highest, number);
    *word = word_of(r, 1, px_get_bits(reader, r.bits));
    return true;
}

static prism_status join(px_bit_patterns *words, const px_fixed *f, const bool *is_exception,
                         const px_integers *integers, px_bit_reader *reader, prism_error *error) {
    const px_number *number = words->number;
    const uint64_t sign = px_word_sign(number);
    const bool bits_follow = px_fixed_has_rest(f);
    rest rests[INTEGER_BITS + 1];
    for (unsigned bits = 1; bits <= INTEGER_BITS; bits++)
        rests[bits] = rest_of(f, f->shift + bits - 1, f->shift, number);
    for (size_t i = 0; i < words->count; i++) {
        if (is_exception && is_exception[i])
            continue;
        const int64_t integer = (int64_t)((uint64_t)(int64_t)f->least + px_integer_at(integers, i));
        const uint64_t size = integer < 0 ? -(uint64_t)integer : (uint64_t)integer;
        const uint64_t above = size - (bits_follow && integer);
        uint64_t word = 0;
        if (above) {
            const rest r = rests[px_bit_length(above)];
            word = word_of(r, above, r.bits ? px_get_bits(reader, r.bits) : 0);
        } else if (integer && !get_small(&word, f, reader, number)) {
            return px_fail(error, PRISM_E_CORRUPT, "the fixed-point numbers go on without end");
        }
        words->bits[i] = (word & (sign - 1)) | (integer < 0 ? sign : 0);
    }
    return PRISM_OK;
}

static prism_status decode_words(px_bit_patterns *words, const px_fixed *f,
                                 const px_integers *integers, px_mapping_source *source,
                                 prism_error *error) {
    bool *is_exception;
    const px_chunk *chunk = source->chunk;
    px_reader *runs = f->has_exceptions ? &source->parameters : NULL;
    prism_status status =
        px_exceptions_take(words, &is_exception, &chunk->array, runs, chunk->mask, error);
    if (status == PRISM_OK) {
        px_bit_reader reader = px_bit_reader_make(&source->payload);
        status = join(words, f, is_exception, integers, &reader, error);
        px_bits_end(&reader, &source->payload);
    }
    free(is_exception);
    return status;
}

static prism_status decode(void *elements, px_mapping_source *source, prism_error *error) {
    px_fixed f;
    px_bit_patterns words = {.bits = NULL};
    px_integers integers = {.elements = NULL};
    prism_status status =
        read_parameters(&f, &source->parameters, px_number_of(source->chunk->array.type), error);
    if (status == PRISM_OK)
        status = px_inner_decode_integers(source, &source->chunk->array, PX_WIDE_INTEGERS,
                                          &integers, error);
    if (status == PRISM_OK)
        status = decode_words(&words, &f, &integers, source, error);
    if (status == PRISM_OK)
        px_bit_patterns_store(&words, elements);
    px_bit_patterns_free(&words);
    free(integers.elements);
    return status;
}

/* ---- Parts ---- */

static bool fits_regions(px_reader parameters, const prism_array *array) {
    px_fixed f = {.shift = 0};
    return read_parameters(&f, &parameters, px_number_of(array->type), NULL) == PRISM_OK &&
           !px_fixed_has_rest(&f);
}

static prism_status open_regions(px_opened_mapping *opened, px_mapping_source *source,
                                 prism_error *error) {
    const prism_array *array = &source->chunk->array;
    px_fixed *f = opened->rule = px_alloc(sizeof *f);
    if (!f)
        return px_out_of_memory(error, sizeof *f);
    prism_status status = read_parameters(f, &source->parameters, px_number_of(array->type), error);
    return status == PRISM_OK && f->has_exceptions
               ? px_exception_list_read(&opened->exceptions, &source->parameters, array, error)
               : status;
}

static prism_status map_region(const void *rule, const px_mapped_region *region, void *elements,
                               prism_error *error) {
    px_bit_patterns words;
    px_bit_reader none = {.size = 0};
    prism_status status = px_bit_patterns_alloc(&words, &region->array, error);
    if (status == PRISM_OK)
        status = join(&words, rule, NULL, &region->integers, &none, error);
    if (status == PRISM_OK)
        px_bit_patterns_store(&words, elements);
    px_bit_patterns_free(&words);
    return status;
}

static const px_mapping_regions regions = {.fit = fits_regions,
                                           .open = open_regions,
                                           .close = free,
                                           .map = map_region,
                                           .types = PX_WIDE_INTEGERS};

const px_mapping_stage px_mapping_fixed = {.number = PRISM_MAPPING_FIXED,
                                           .decode = decode,
                                           .decode_bytes = PX_WORD_BYTES,
                                           .chunks = 1,
                                           .regions = &regions};
