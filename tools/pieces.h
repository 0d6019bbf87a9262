/* The elements of a dataset in pieces, so that the memory for them is bounded. */
#ifndef TOOL_PIECES_H
#define TOOL_PIECES_H

#include "chunked.h"

/* A box of elements. */
typedef struct tool_piece {
    hsize_t start[H5S_MAX_RANK], count[H5S_MAX_RANK];
    size_t elements;
} tool_piece;

typedef bool (*tool_piece_visit)(void *request, const tool_piece *piece);

/* Elements that a piece of the dataset has at most: some MB; fewer where they are of variable
 * length, and nobody knows how large. */
size_t tool_piece_room(const tool_chunked *c);

/* Visits each element once, but for those of chunks that are not stored, or of a dataset that has
 * no room in the file yet. False if a visit is, or with a message. */
bool tool_pieces_each(const tool_chunked *c, tool_piece_visit visit, void *request);

/* The chunk at `offset`, as far as it is in the dataset. */
tool_piece tool_chunked_box(const tool_chunked *c, const hsize_t *offset);

/* One piece, in the type of the file: no element is converted. False, with a message, if HDF5
 * fails. Values of variable length are to be given back by tool_piece_reclaim. */
bool tool_piece_read(const tool_chunked *c, const tool_piece *piece, void *elements);
bool tool_piece_write(const tool_chunked *c, hid_t target, const tool_piece *piece,
                      const void *elements);
void tool_piece_reclaim(const tool_chunked *c, const tool_piece *piece, void *elements);

#endif
