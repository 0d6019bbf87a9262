/* What is at an address is believed only if it begins as a chunk does. */
#include "beginning.h"

#include <stdlib.h>

#include "command.h"
#include "system/files.h"

typedef struct place {
    int file; /* descriptor, HDF5's own */
    haddr_t address;
    hsize_t size;
    unsigned mask;
} place;

/* Of a file that is nothing but one file of the system, as it is. */
static int descriptor_of(const tool_chunked *c) {
    hsize_t user_block = 1;
    void *handle = NULL;
    hid_t file = H5Iget_file_id(c->dataset);
    hid_t access = H5Fget_access_plist(file), creation = H5Fget_create_plist(file);
    const bool plain = H5Pget_driver(access) == H5FD_SEC2 &&
                       H5Pget_userblock(creation, &user_block) >= 0 && user_block == 0 &&
                       H5Fget_vfd_handle(file, access, &handle) >= 0 && handle;
    const int descriptor = plain ? *(int *)handle : -1;
    H5Pclose(creation);
    H5Pclose(access);
    H5Fclose(file); /* the dataset keeps it open */
    return descriptor;
}

static bool find_place(place *p, const tool_chunked *c, const hsize_t *offset) {
    *p = (place){.file = descriptor_of(c)};
    return p->file >= 0 &&
           H5Dget_chunk_info_by_coord(c->dataset, offset, &p->mask, &p->address, &p->size) >= 0 &&
           p->address != HADDR_UNDEF && p->size > 0 && tool_chunked_encoded(c, offset, p->mask);
}

static bool read_part(const place *p, uint8_t *bytes, size_t from, size_t to) {
    return from >= to || px_file_read_at(p->file, bytes + from, to - from, p->address + from);
}

static bool read_beginning(const place *p, int reduce, tool_stored *stored) {
    const size_t start = p->size < PRISM_START_BYTES ? (size_t)p->size : PRISM_START_BYTES;
    size_t needed = 0;
    stored->bytes = malloc((size_t)p->size);
    if (!stored->bytes || !read_part(p, stored->bytes, 0, start) ||
        prism_reduced_size(stored->bytes, start, reduce, &needed, NULL) != PRISM_OK ||
        needed > p->size || !read_part(p, stored->bytes, start, needed))
        return false;
    stored->size = needed;
    stored->mask = p->mask;
    stored->encoded = true;
    return true;
}

bool tool_beginning_read(const tool_chunked *c, const hsize_t *offset, int reduce,
                         tool_stored *stored) {
    place p;
    *stored = (tool_stored){.bytes = NULL};
    if (find_place(&p, c, offset) && read_beginning(&p, reduce, stored))
        return true;
    free(stored->bytes);
    return tool_chunked_read(c, offset, stored);
}
