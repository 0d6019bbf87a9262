#include "lzf.h"

#include <errno.h>
#include <hdf5.h>
#include <limits.h>
#include <lzf.h>

enum {
    FILTER = 32000,
    CHUNK_BYTES = 2, /* the parameter that has the bytes of a chunk */
    MOST_RATIO = 88  /* three bytes are a copy of 264 at most */
};

/* The chunk in new memory; NULL if it is damaged, with errno E2BIG if `room` is too small. */
static void *decoded(unsigned *length, const void *bytes, size_t size, size_t room) {
    void *chunk = H5allocate_memory(room, false);
    *length = chunk ? lzf_decompress(bytes, (unsigned)size, chunk, (unsigned)room) : 0;
    if (*length)
        return chunk;
    const int reason = chunk ? errno : ENOMEM;
    H5free_memory(chunk);
    errno = reason;
    return NULL;
}

/* Another filter before this one may have changed how many bytes there are. */
static size_t filter(unsigned flags, size_t count, const unsigned parameters[], size_t size,
                     size_t *capacity, void **bytes) {
    const size_t most = MOST_RATIO * size;
    size_t room = count > CHUNK_BYTES ? parameters[CHUNK_BYTES] : 0;
    unsigned length;
    if (!(flags & H5Z_FLAG_REVERSE) || !size || most > UINT_MAX)
        return 0;
    if (!room || room > most)
        room = most;
    void *chunk = decoded(&length, *bytes, size, room);
    if (!chunk && errno == E2BIG && room < most)
        chunk = decoded(&length, *bytes, size, room = most);
    if (!chunk)
        return 0;
    H5free_memory(*bytes);
    *bytes = chunk;
    *capacity = room;
    return length;
}

void tool_lzf_register(void) {
    static const H5Z_class2_t lzf = {.version = H5Z_CLASS_T_VERS,
                                     .id = FILTER,
                                     .decoder_present = 1,
                                     .name = "lzf",
                                     .filter = filter};
    H5Zregister(&lzf);
}
