/*
 * Chunks below 4 KiB. Samples, estimates and trials, by which larger ones are coded well, would
 * take far longer than coding such a chunk in all of the few ways that suit it. Internal.
 */
#ifndef PX_CHOOSE_TINY_H
#define PX_CHOOSE_TINY_H

#include "mapping/mapping.h"
#include "pipeline/pipeline.h"

/* Whether such an array is to be coded by px_tiny_encode: not where the options leave nothing open,
 * ask for libjxl, or do not fit it. */
bool px_tiny_suits(const prism_array *array, const prism_options *options);

/* What automatic options come to: the smallest of the candidates. */
prism_status px_tiny_encode(px_coded *coded, const px_mapping_request *request, size_t limit,
                            prism_error *error);

#endif
