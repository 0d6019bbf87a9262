#include "spool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "system/files.h"

static bool fail(void) {
    return tool_fail("encoded chunks cannot be kept beside the output: %s", strerror(errno));
}

bool tool_spool_open(tool_spool *spool, const char *beside) {
    *spool = (tool_spool){.file = px_file_nameless(beside)};
    return spool->file || fail();
}

bool tool_spool_add(tool_spool *spool, const tool_spooled *chunk, const void *bytes) {
    spool->chunks++;
    spool->bytes += chunk->size;
    return (fwrite(chunk, sizeof *chunk, 1, spool->file) == 1 &&
            fwrite(bytes, 1, chunk->size, spool->file) == chunk->size) ||
           fail();
}

bool tool_spool_rewind(tool_spool *spool) {
    return fseek(spool->file, 0, SEEK_SET) == 0 || fail();
}

bool tool_spool_take(tool_spool *spool, tool_spooled *chunk, void **bytes) {
    *bytes = NULL;
    if (fread(chunk, sizeof *chunk, 1, spool->file) != 1)
        return fail();
    *bytes = malloc(chunk->size);
    if (!*bytes)
        return tool_fail("out of memory: %zu bytes for a chunk", chunk->size);
    return fread(*bytes, 1, chunk->size, spool->file) == chunk->size || fail();
}

void tool_spool_close(tool_spool *spool) {
    if (spool->file)
        fclose(spool->file);
    *spool = (tool_spool){0};
}
