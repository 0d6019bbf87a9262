/* Chunks of lzf, the filter that h5py has of its own: decoded by liblzf. */
#ifndef TOOL_LZF_H
#define TOOL_LZF_H

/* From then on HDF5 reads them. Without liblzf it stays a filter that is not installed. */
void tool_lzf_register(void);

#endif
