/* Options as 32-bit words, which HDF5 keeps as the filter's parameters. */
#include <string.h>

#include "base/status.h"
#include "prism.h"

#define WORDS_VERSION    1
#define FLAG_NO_CHECKSUM 1u
#define FLAG_VERIFY      2u
#define FLAG_STORED      4u
#define BLOCK_SHIFT      8 /* in the word of flags */

static uint32_t axis_to_word(int axis) {
    return axis <= PRISM_AXIS_LAST ? UINT32_MAX - (uint32_t)(PRISM_AXIS_LAST - axis)
                                   : (uint32_t)(axis + 1);
}

prism_status prism_options_pack(const prism_options *options, uint32_t words[PRISM_OPTION_WORDS],
                                prism_error *error) {
    prism_status status = prism_options_check(options, error);
    if (status == PRISM_OK && options->has_missing)
        status = px_fail(error, PRISM_E_OPTION,
                         "missing=%g: in a file, that is the fill value of the dataset",
                         options->missing);
    if (status != PRISM_OK)
        return status;
    memset(words, 0, PRISM_OPTION_WORDS * sizeof *words);
    words[0] = WORDS_VERSION;
    words[1] = (uint32_t)options->transform;
    words[2] = (uint32_t)options->predictor;
    words[3] = (uint32_t)options->coder;
    words[4] = (uint32_t)options->effort;
    words[5] = axis_to_word(options->axis);
    words[6] = (options->checksum ? 0 : FLAG_NO_CHECKSUM) | (options->verify ? FLAG_VERIFY : 0) |
               (options->order == PRISM_PLANES_STORED ? FLAG_STORED : 0) |
               (uint32_t)options->block << BLOCK_SHIFT;
    words[7] = (uint32_t)options->bound | (uint32_t)options->bound_of << 8;
    memcpy(&words[8], &options->bound_value, sizeof words[8]);
    words[9] = (uint32_t)options->threads;
    return PRISM_OK;
}

/* An int that fails every range check, where the word does not fit. */
static int word_to_int(uint32_t word) {
    return word <= INT16_MAX ? (int)word : INT16_MAX;
}

/* Axes from the end are the largest words. */
static int word_to_axis(uint32_t word) {
    const uint32_t from_end = UINT32_MAX - word;
    return from_end < PRISM_MAX_RANK ? PRISM_AXIS_LAST - (int)from_end : word_to_int(word) - 1;
}

prism_status prism_options_unpack(prism_options *options, const uint32_t *words, size_t count,
                                  prism_error *error) {
    if (!options || (!words && count))
        return px_fail(error, PRISM_E_ARGUMENT, "options and words must not be NULL");
    uint32_t w[PRISM_OPTION_WORDS] = {0};
    if (count)
        memcpy(w, words, (count < PRISM_OPTION_WORDS ? count : PRISM_OPTION_WORDS) * sizeof *w);
    if (w[0] > WORDS_VERSION)
        return px_fail(error, PRISM_E_OPTION,
                       "filter parameter 0 is %u: this version knows parameter layout %d", w[0],
                       WORDS_VERSION);
    if (w[6] & ~(FLAG_NO_CHECKSUM | FLAG_VERIFY | FLAG_STORED | 255u << BLOCK_SHIFT))
        return px_fail(error, PRISM_E_OPTION, "filter parameter 6 (flags) is %u: expected 0..7",
                       w[6]);
    prism_options unpacked = {.transform = (prism_transform)word_to_int(w[1]),
                              .predictor = (prism_predictor)word_to_int(w[2]),
                              .coder = (prism_coder)word_to_int(w[3]),
                              .effort = w[4] ? word_to_int(w[4]) : PRISM_EFFORT_DEFAULT,
                              .axis = word_to_axis(w[5]),
                              .checksum = !(w[6] & FLAG_NO_CHECKSUM),
                              .verify = (w[6] & FLAG_VERIFY) != 0,
                              .block = (int)(w[6] >> BLOCK_SHIFT),
                              .order = w[6] & FLAG_STORED ? PRISM_PLANES_STORED : PRISM_PLANES_AUTO,
                              .threads = w[9] ? word_to_int(w[9]) : 1,
                              .bound = (prism_bound)(w[7] & 255),
                              .bound_of = (prism_bound_of)word_to_int(w[7] >> 8)};
    memcpy(&unpacked.bound_value, &w[8], sizeof w[8]);
    prism_status status = prism_options_check(&unpacked, error);
    if (status == PRISM_OK)
        *options = unpacked;
    return status;
}
