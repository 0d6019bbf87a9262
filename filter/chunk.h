/* One chunk through the codec, in either direction. Internal. */
#ifndef PLUGIN_CHUNK_H
#define PLUGIN_CHUNK_H

#include "host.h"
#include "prism.h"

/* As HDF5 hands a chunk to a filter. */
typedef struct plugin_input {
    const unsigned *words; /* cd_values; NULL if count is 0 */
    size_t count;
    const void *bytes;
    size_t size;
    bool skip_checksum; /* of a chunk that is read */
} plugin_input;

/* A buffer for plugin_host_free; on failure there is none. */
typedef struct plugin_output {
    void *bytes;
    size_t size;
    size_t capacity;
} plugin_output;

prism_status plugin_chunk_encode(const plugin_host *host, const plugin_input *input,
                                 plugin_output *output, prism_error *error);
prism_status plugin_chunk_decode(const plugin_host *host, const plugin_input *input,
                                 plugin_output *output, prism_error *error);

#endif
