/*
 * HDF5 says that it does not know the version of a message, but not which version that is. It
 * stands in the object's header, which is read here as the file has it: "HDF5 File Format
 * Specification", section IV.A.1. Anything unexpected ends the search without a result.
 */
#include "header.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "library.h"
#include "system/files.h"

enum {
    DATASPACE = 1,
    DATATYPE = 3,
    FILL_VALUE = 5,
    LAYOUT = 8,
    PIPELINE = 11,
    ATTRIBUTE = 12,
    CONTINUATION = 16,
    MOST_BLOCKS = 64,
    MOST_BYTES = 1 << 20
};

typedef struct search {
    int file;
    hsize_t base; /* of addresses: the user block comes before */
    size_t address_bytes, length_bytes;
    bool old, ordered; /* the first format; with the orders of creation */
    unsigned wanted;   /* kind of message */
    bool in_attributes;
    int version; /* the highest; -1: not found */
    int blocks;  /* seen so far */
} search;

static uint64_t number(const uint8_t *bytes, size_t count) {
    uint64_t value = 0;
    while (count--)
        value = value << 8 | bytes[count];
    return value;
}

/* To be freed. */
static uint8_t *read_bytes(const search *s, uint64_t address, uint64_t size) {
    uint8_t *bytes = size <= MOST_BYTES ? malloc((size_t)size + 1) : NULL;
    if (bytes && px_file_read_at(s->file, bytes, (size_t)size, s->base + address))
        return bytes;
    free(bytes);
    return NULL;
}

static void search_block(search *s, uint64_t address, uint64_t size);

static void note_version(search *s, const uint8_t *data) {
    const int version = s->wanted == DATATYPE ? data[0] >> 4 : data[0];
    if (version > s->version)
        s->version = version;
}

/* An attribute has its name, its type and its space one behind the other. */
static void look_into_attribute(search *s, const uint8_t *data, size_t size) {
    enum { HEAD = 8, TYPE_IS_SHARED = 1, SPACE_IS_SHARED = 2 };
    const bool is_space = s->wanted == DATASPACE;
    if (size < HEAD || data[0] < 1 || data[0] > 3)
        return;
    const size_t unit = data[0] == 1 ? 8 : 1; /* of sizes */
    const size_t name = (number(data + 2, 2) + unit - 1) / unit * unit;
    const size_t type = (number(data + 4, 2) + unit - 1) / unit * unit;
    const size_t at = HEAD + (data[0] == 3 ? 1u : 0u) + name + (is_space ? type : 0);
    const bool shared = data[0] > 1 && data[1] & (is_space ? SPACE_IS_SHARED : TYPE_IS_SHARED);
    if (at < size && !shared)
        note_version(s, data + at);
}

static void look_at(search *s, unsigned kind, bool shared, const uint8_t *data, size_t size) {
    if (kind == CONTINUATION && size >= s->address_bytes + s->length_bytes)
        search_block(s, number(data, s->address_bytes),
                     number(data + s->address_bytes, s->length_bytes));
    if (size == 0 || shared)
        return;
    if (kind == s->wanted && s->in_attributes == (kind == ATTRIBUTE))
        note_version(s, data);
    else if (kind == ATTRIBUTE && s->in_attributes)
        look_into_attribute(s, data, size);
}

static void search_messages(search *s, const uint8_t *bytes, size_t size) {
    const size_t head = s->old ? 8 : s->ordered ? 6 : 4;
    for (size_t at = 0; at + head <= size;) {
        const uint8_t *m = bytes + at;
        const unsigned kind = s->old ? (unsigned)number(m, 2) : m[0];
        const size_t length = number(m + (s->old ? 2 : 1), 2);
        const uint8_t flags = m[s->old ? 4 : 3];
        at += head;
        if (length > size - at)
            return;
        look_at(s, kind, flags & 2, bytes + at, length);
        at += length;
    }
}

static void search_block(search *s, uint64_t address, uint64_t size) {
    const size_t mark = s->old ? 0 : 4, sum = s->old ? 0 : 4;
    if (s->blocks++ == MOST_BLOCKS || size < mark + sum)
        return;
    uint8_t *bytes = read_bytes(s, address, size);
    if (bytes)
        search_messages(s, bytes + mark, size - mark - sum);
    free(bytes);
}

/* The messages of the first block follow what the header says of itself. */
static void search_header(search *s, haddr_t address) {
    enum { HEAD = 16, MOST_HEAD = 34 };
    uint8_t head[MOST_HEAD] = {0};
    if (!px_file_read_at(s->file, head, MOST_HEAD, s->base + address) &&
        !px_file_read_at(s->file, head, HEAD, s->base + address)) /* at the end of the file */
        return;
    s->old = memcmp(head, "OHDR", 4) != 0;
    s->ordered = !s->old && head[5] & 4;
    size_t place = HEAD, size = number(head + 8, 4);
    if (!s->old) {
        const size_t width = (size_t)1 << (head[5] & 3);
        place = 6 + (head[5] & 0x20 ? 16u : 0u) + (head[5] & 0x10 ? 4u : 0u);
        size = number(head + place, width);
        place += width;
    }
    uint8_t *bytes = read_bytes(s, address + place, size);
    if (bytes)
        search_messages(s, bytes, size);
    free(bytes);
}

/* Of what HDF5's latest failure is about; -1 if it is not found. */
static int version_of(hid_t file, haddr_t address, unsigned kind, bool in_attributes) {
    char name[4096];
    search s = {.wanted = kind, .in_attributes = in_attributes, .version = -1};
    hid_t list = H5Fget_create_plist(file);
    H5Pget_userblock(list, &s.base);
    H5Pget_sizes(list, &s.address_bytes, &s.length_bytes);
    H5Pclose(list);
    const ssize_t length = H5Fget_name(file, name, sizeof name);
    s.file = length > 0 && (size_t)length < sizeof name ? px_file_open(name, false) : -1;
    if (s.file < 0)
        return -1;
    search_header(&s, address);
    close(s.file);
    return s.version;
}

/* Kind of message, as HDF5's reason has it; 0: another one. */
static unsigned kind_of(const char *reason) {
    static const struct {
        const char *name;
        unsigned kind;
    } kinds[] = {{"datatype", DATATYPE},     {"layout", LAYOUT},     {"dataspace", DATASPACE},
                 {"fill value", FILL_VALUE}, {"pipeline", PIPELINE}, {"attribute", ATTRIBUTE}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strstr(reason, kinds[i].name))
            return kinds[i].kind;
    return 0;
}

/* Without a name: in the attributes of `object`. */
static int refused_version(hid_t object, const char *name, const char *reason) {
    H5O_info_t info;
    const unsigned kind = kind_of(reason);
    hid_t file = H5Iget_file_id(object);
    int version = -1;
    if (kind && (name ? H5Oget_info_by_name2(object, name, &info, H5O_INFO_BASIC, H5P_DEFAULT)
                      : H5Oget_info2(object, &info, H5O_INFO_BASIC)) >= 0)
        version = version_of(file, info.addr, kind, !name);
    H5Fclose(file);
    return version;
}

const char *tool_why_unopened(char text[TOOL_WHY_TEXT], hid_t group, const char *name) {
    char reason[240], version[32] = "";
    unsigned major, minor, release;
    snprintf(reason, sizeof reason, "%s", tool_library_reason());
    const bool newer = strstr(reason, "version number") || strstr(reason, "version # of");
    const int number_there = newer ? refused_version(group, name, reason) : -1;
    if (number_there >= 0)
        snprintf(version, sizeof version, "version %d: ", number_there);
    H5get_libversion(&major, &minor, &release);
    snprintf(text, TOOL_WHY_TEXT, "HDF5 %u.%u.%u cannot %s: %s%s%s%s", major, minor, release,
             name ? "open it" : "read them", reason, newer ? " (" : "", version,
             newer ? "it needs a newer HDF5)" : "");
    return text;
}
