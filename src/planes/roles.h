/*
 * The roles of an array's axes: some count planes, all combinations of them, others span the
 * picture that each plane is. An arranged array has its elements in the order of the roles: the
 * axes of planes joined to one, then the picture's. docs/FORMAT.md, "Elements and planes".
 * Internal.
 */
#ifndef PX_PLANES_ROLES_H
#define PX_PLANES_ROLES_H

#include <stdint.h>

#include "prism.h"

/* Every axis longer than 1 is in the list once: first those of planes, then the picture's, each
 * with the slowest first. */
typedef struct px_roles {
    uint8_t rank;   /* axes in the list; 0: no roles are given, elements lie as they are */
    uint8_t planes; /* how many of them count planes */
    uint8_t axes[PRISM_MAX_RANK];
} px_roles;

/* All axes, those of an array of that rank whose planes lie along one, or which is a picture. */
px_roles px_roles_along(int axis, unsigned rank);

/* Whether each axis longer than 1 is there once, and no other. */
bool px_roles_are_valid(const px_roles *roles, const prism_array *array);

/* Along the first axis lie the planes, if there are any. Without roles, the array itself. */
prism_array px_arranged_array(const prism_array *array, const px_roles *roles);

/* The order of the roles is that of the array's elements. */
bool px_roles_keep_order(const px_roles *roles);

/* Elements in the order of the array to that of its roles, and back. Both have memory for all. */
void px_arrange(void *arranged, const prism_array *array, const px_roles *roles,
                const void *elements, int threads);
void px_rearrange(void *elements, const prism_array *array, const px_roles *roles,
                  const void *arranged, int threads);

/* The one axis of planes, or PRISM_AXIS_AUTO where none or several count them. */
int px_roles_axis(const px_roles *roles);

/* The axes of pictures alone. */
px_roles px_roles_of_pictures(const px_roles *roles);

/* The roles of array axes axes[i] for roles of axes i. */
px_roles px_roles_of_axes(const px_roles *roles, const int *axes);

#endif
