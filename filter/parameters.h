/* The filter's parameters (cd_values) in a dataset creation property list. Internal. */
#ifndef PLUGIN_PARAMETERS_H
#define PLUGIN_PARAMETERS_H

#include "host.h"
#include "prism.h"

#define PLUGIN_FILTER_ID 33128
#define PLUGIN_LAYOUT    1 /* of the words, as in word 0 */

/* Refuses a list in which no chunk could reach the codec as it is in the dataset. */
prism_status plugin_pipeline_check(const plugin_host *host, hid_t list, prism_error *error);

/* Replaces the user's words by complete ones: the options they mean, then `array`, which `type`
 * became. */
prism_status plugin_parameters_complete(const plugin_host *host, hid_t list, hid_t type,
                                        const prism_array *array, prism_error *error);

/* Refuses options that no chunk of such elements could be encoded with, and says why. */
prism_status plugin_options_check(const plugin_host *host, hid_t type, const prism_array *array,
                                  const prism_options *options, prism_error *error);

/* Sets options->missing where the words of a dataset, of such chunks, have it. */
void plugin_missing_read(prism_options *options, const prism_array *array, const unsigned *words,
                         size_t count);

/*
 * The environment variable H5PRISM_THREADS, where it is set and not empty, replaces
 * options->threads. Anything but a number the option would take is an error and leaves the options
 * as they were.
 */
prism_status plugin_threads_override(prism_options *options, prism_error *error);

/*
 * The environment variable H5PRISM_MEMORY_LIMIT: bytes that reading one chunk may take, the chunk's
 * elements included, as a number that K, M or G (powers of 1024) may follow. *limit is 0, which is
 * no limit, where the variable is not set or empty. Anything else is an error.
 */
prism_status plugin_memory_limit(uint64_t *limit, prism_error *error);

#endif
