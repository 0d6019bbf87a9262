/* What stands for liblzf in a build without it (H5PRISM_LZF=OFF). */
#include "lzf.h"

void tool_lzf_register(void) {}
