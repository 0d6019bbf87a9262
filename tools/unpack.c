/*
 * h5prism unpack: a copy of a file that programs without the filter read. Datasets that h5prism
 * compresses keep their chunks, with gzip behind HDF5's shuffle, or with no filter.
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "library.h"
#include "repacking.h"

static const char help[] =
    "usage: h5prism unpack IN OUT [--filter gzip|none] [--level 1..9] [--dataset PATH]... [-j N]\n"
    "                      [--no-check] [--force]\n"
    "\n"
    "Writes a copy of the HDF5 file IN that programs without h5prism can read: datasets that it\n"
    "compresses get a filter that every HDF5 has, or none. Everything else is copied as it is. IN "
    "is\n"
    "not changed; OUT is opened anew and compared with it, or not there.\n"
    "\n"
    "  --filter gzip   HDF5's shuffle (of elements of several bytes) and gzip; default\n"
    "  --filter none   chunks without a filter\n"
    "  --level 1..9    of gzip: 1 fastest, 9 smallest; default 6\n"
    "  --dataset PATH  only this dataset; may be given again. Without it: every dataset that "
    "h5prism\n"
    "                  compresses\n"
    "  -j N            chunks that are worked on at the same time; default: one for each CPU\n"
    "  --no-check      do not compare OUT with IN\n"
    "  --force         replace OUT if it is there\n"
    "\n"
    "example: h5prism unpack in.h5 out.h5\n";

static void choose(void *request, const tool_chunked *s, tool_choice *choice) {
    static const uint32_t unused[PRISM_OPTION_WORDS];
    (void)request;
    choice->options = unused;
    memcpy(choice->chunk, s->chunk, sizeof choice->chunk);
    if (s->place < 0)
        choice->obstacle = "h5prism does not compress it";
    else
        choice->obstacle = tool_chunked_missing_filter(s, &choice->error);
}

/* False, with a message. */
static bool read_filter(tool_packing *packing, const char *filter, long long level) {
    const bool is_gzip = strcmp(filter, "gzip") == 0;
    packing->filter = is_gzip ? TOOL_FILTER_GZIP : TOOL_FILTER_NONE;
    packing->level = level ? (int)level : 6;
    if (!is_gzip && strcmp(filter, "none") != 0)
        return tool_fail("--filter %s: it is gzip or none", filter);
    return is_gzip || !level || tool_fail("--level goes with --filter gzip");
}

int tool_unpack(int count, char **arguments) {
    tool_repacking r = {.choose = choose, .encoding.always = true};
    const char *files[2] = {NULL, NULL}, *filter = "gzip";
    long long threads = (long long)tool_cpus(), level = 0;
    const tool_option options[] = {
        {"--dataset", TOOL_TEXTS, &r.names, 0, 0},
        {"--filter", TOOL_TEXT, &filter, 0, 0},
        {"--level", TOOL_NUMBER, &level, 1, 9},
        {"-j", TOOL_NUMBER, &threads, 1, TOOL_MOST_THREADS},
        {"--no-check", TOOL_FLAG, &r.files.unchecked, 0, 0},
        {"--force", TOOL_FLAG, &r.files.force, 0, 0},
        {NULL, TOOL_FLAG, NULL, 0, 0},
    };
    int code;
    if (tool_arguments_read(&(tool_arguments){help, options, files, 2, 0}, count, arguments,
                            &code)) {
        r.files.input = files[0];
        r.files.output = files[1];
        r.encoding.threads = (size_t)threads;
        code = EXIT_USAGE;
        if (tool_is_hdf5_name(files[1]) && read_filter(&r.encoding.packing, filter, level)) {
            tool_library_start();
            code = tool_repacking_run(&r) ? EXIT_DONE : EXIT_FAILED;
        }
    }
    free(r.names.items);
    return code;
}
