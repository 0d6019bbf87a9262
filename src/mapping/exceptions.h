/*
 * Elements that a mapping cannot say by its rule: NaNs, infinities, -0.0, values off the lattice.
 * They come in runs of equal bits, since what is missing is missing in regions. Internal.
 */
#ifndef PX_MAPPING_EXCEPTIONS_H
#define PX_MAPPING_EXCEPTIONS_H

#include "bytes.h"
#include "words.h"

/* How many runs there are; `is_exception` has an entry for each word. */
size_t px_exception_runs(const px_words *words, const bool *is_exception);

/* A range-coded section: all runs of the words. */
void px_exceptions_write(px_buffer *out, const px_words *words, const bool *is_exception);

/* Puts the exceptions where they belong; the other words stay as they are. *is_exception becomes an
 * array with an entry for each word: malloc'ed, the caller's, also on failure. */
prism_status px_exceptions_read(px_reader *in, px_words *words, bool **is_exception,
                                prism_error *error);

#endif
