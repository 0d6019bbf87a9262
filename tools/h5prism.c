/*
 * h5prism: the command-line tool. The commands have files of their own; this one has `options`, the
 * spellings of a set of options for the programs that take filter parameters.
 */
#include <hdf5.h>
#include <stdio.h>
#include <string.h>

#include "arguments.h"
#include "command.h"
#include "prism.h"
#include "spelling.h"
#include "system/process.h"

static const char help[] =
    "usage: h5prism repack IN OUT [KEY=VALUE,...] ...   compress the datasets of a file\n"
    "       h5prism unpack IN OUT ...                   the way back: gzip, or no filter\n"
    "       h5prism inspect FILE ...                    how datasets are compressed\n"
    "       h5prism group IN OUT --dataset PATH ...     frames that are alike into shared chunks\n"
    "       h5prism collect FOLDER OUT.h5 ..., extract  images as a stack of frames, and back\n"
    "       h5prism preview FILE OUT.png ...            a picture of a dataset\n"
    "       h5prism bench FILE --dataset PATH ...       which options suit a dataset\n"
    "       h5prism export FILE OUT.jxl ..., import     a chunk as a JPEG XL image, and back\n"
    "       h5prism references FILE [-o OUT] ...        where chunks lie, for readers of Zarr\n"
    "       h5prism options [--json] [KEY=VALUE,...]    filter parameters for other programs\n"
    "       h5prism COMMAND --help | --help | --version\n"
    "\n"
    "options: transform=auto|none|channels|stack    what ties the planes of a chunk together\n"
    "         predictor=auto|none|paeth|lsq         prediction inside and between planes\n"
    "         coder=auto|deflate|jxl|ans|zstd       entropy coder\n"
    "         effort=1..9                           1 fastest, 9 smallest; default 5\n"
    "         axis=auto|0..31|-32..-1               the axis along which the planes lie; -1: last\n"
    "         block=0|4|8|16|32|64                  parts that can be decoded alone\n"
    "         checksum=on|off  verify=off|on  threads=1..1024\n"
    "lossy:   max_error=E  rel_max_error=R          no element is off by more than E, R of the "
    "range\n"
    "         rel_rmse=R  of=rms|deviation          RMSE, as a share of what 'of' says\n"
    "         distance=0..15                        libjxl's aim, with coder=jxl: bounds nothing\n"
    "\n"
    "example: h5prism repack in.h5 out.h5 effort=7\n";

static int run_options(int count, char **arguments) {
    if (count == 1 && strcmp(arguments[0], "--help") == 0) {
        fputs(help, stdout);
        return EXIT_DONE;
    }
    bool json = count > 0 && strcmp(arguments[0], "--json") == 0;
    count -= json;
    arguments += json;
    if (count > 1)
        return tool_misused("%s: one argument too many; KEY=VALUE,... is one", arguments[1]);
    prism_options options;
    tool_spelling spelling;
    if (!tool_read_filter_options(&options, count ? arguments[0] : NULL))
        return EXIT_USAGE;
    if (!tool_spell(&spelling, &options))
        return EXIT_FAILED;
    if (json) {
        printf("{");
        tool_print_spelling_json(&spelling);
        printf("}\n");
    } else {
        printf("%s\n", spelling.text);
        tool_print_spelling(&spelling, "DATASET", "VARIABLE");
    }
    return EXIT_DONE;
}

static const struct {
    const char *name;
    int (*run)(int count, char **arguments);
} commands[] = {
    {"bench", tool_bench},           {"collect", tool_collect}, {"extract", tool_extract},
    {"export", tool_export},         {"group", tool_group},     {"import", tool_import},
    {"inspect", tool_inspect},       {"options", run_options},  {"preview", tool_preview},
    {"references", tool_references}, {"repack", tool_repack},   {"unpack", tool_unpack},
};

int main(int count, char **arguments) {
    px_process_begin(&count, &arguments);
    const char *command = count > 1 ? arguments[1] : "";
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(command, commands[i].name) == 0)
            return commands[i].run(count - 2, arguments + 2);
    if (strcmp(command, "--version") == 0) {
        unsigned major, minor, release;
        H5get_libversion(&major, &minor, &release);
        printf("h5prism %s (HDF5 %u.%u.%u)\n", PRISM_VERSION, major, minor, release);
        return EXIT_DONE;
    }
    if (strcmp(command, "--help") == 0) {
        fputs(help, stdout);
        return EXIT_DONE;
    }
    return *command ? tool_misused("%s: there is no such command (--help lists them)", command)
                    : tool_misused("a command is missing (--help lists them)");
}
