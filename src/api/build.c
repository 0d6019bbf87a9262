/* What this build consists of, for reports of faults. */
#include <stdio.h>
#include <zlib.h>
#include <zstd.h>

#include "coders/jxl.h"
#include "prism.h"
#include "simd/simd.h"

enum { VERSION_TEXT = 32 };

#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "GCC " __VERSION__
#endif

static void describe_libjxl(char text[VERSION_TEXT]) {
    text[0] = '\0';
    const unsigned version = px_jxl_version();
    if (version)
        snprintf(text, VERSION_TEXT, "%u.%u.%u", version / 1000000, version / 1000 % 1000,
                 version % 1000);
}

void prism_describe_build(char *text, size_t capacity) {
    char libjxl[VERSION_TEXT];
    describe_libjxl(libjxl);
    snprintf(text, capacity, "compiler=%s\nzlib=%s\nzstd=%s\nlibjxl=%s\nkernels=%s\n", COMPILER,
             zlibVersion(), ZSTD_versionString(), libjxl, px_simd_name(px_simd_best()));
}
