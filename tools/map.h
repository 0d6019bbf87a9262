/* Maps: what compression leaves of a dataset, position by position. */
#ifndef TOOL_MAP_H
#define TOOL_MAP_H

#include "picture.h"
#include "view.h"

/* Each gives a picture of one plane, means over channels and over `step` x `step` positions; to be
 * freed also after a failure, which has a message. */

/* Absolute residuals that the coder is given, by the options' transform and predictor; every part
 * that is a chunk is predicted by itself. All of the frame is read. */
bool tool_map_residuals(tool_picture *map, const tool_view *view, size_t frame, size_t step,
                        const prism_options *options);

/* Stored bits a value, of whole chunks, whatever compressed them. */
bool tool_map_chunks(tool_picture *map, const tool_view *view, size_t frame, size_t step);

/* Bits a value of tiles of `edge` x `edge` positions, with the channels of a chunk, each coded by
 * itself; the header of what that makes is not counted. All of the frame is read. */
bool tool_map_tiles(tool_picture *map, const tool_view *view, size_t frame, size_t step,
                    size_t edge, const prism_options *options);

#endif
