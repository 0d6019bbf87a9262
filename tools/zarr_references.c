/*
 * h5prism references: where the chunks of a file lie, for readers of Zarr. Readers and the formats
 * of references are those of Python, and so is this command: python/h5prism/_references_command.py.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "command.h"
#include "system/process.h"

static char program[] =
    "import sys\n"
    "try:\n"
    "    from h5prism._references_command import main\n"
    "except ImportError as reason:\n"
    "    sys.exit(f'h5prism: references needs the Python package h5prism, and h5py: {reason}')\n"
    "sys.exit(main(sys.argv[1:]))\n";

int tool_references(int count, char **arguments) {
    static char by_default[] = "python3", option[] = "-c";
    char *given = getenv("H5PRISM_PYTHON"), *python = given && *given ? given : by_default;
    enum { OWN = 3 };
    char **all = px_alloc((size_t)count + OWN + 1, sizeof *all);
    if (!all) {
        tool_fail("out of memory");
        return EXIT_FAILED;
    }
    char *const own[OWN] = {python, option, program};
    memcpy(all, own, sizeof own);
    memcpy(all + OWN, arguments, (size_t)count * sizeof *all);
    all[OWN + count] = NULL;
    const int status = px_process_become(all);
    if (status < 0)
        tool_fail("references needs Python: %s: %s", python, strerror(errno));
    free(all);
    return status < 0 ? EXIT_FAILED : status;
}
