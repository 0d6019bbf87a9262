/* Principal components of channels. */
#ifndef TOOL_COMPONENTS_H
#define TOOL_COMPONENTS_H

#include "view.h"

enum { TOOL_COMPONENTS = 3 };

typedef struct tool_components {
    size_t channels;               /* that they are made of, */
    size_t channel_step;           /* so far apart */
    bool *used;                    /* [channels] not those without a finite number; owned */
    double *mean;                  /* [channels]; owned */
    double *vectors;               /* [TOOL_COMPONENTS][channels]; owned */
    double share[TOOL_COMPONENTS]; /* of the variance */
} tool_components;

/* From a sample of positions of frames[count]. To be freed also after a failure, which has a
 * message. */
bool tool_components_fit(tool_components *components, const tool_view *view, const size_t *frames,
                         size_t count);
void tool_components_free(tool_components *components);

/* Component k of one position, whose channels are `stride` apart. */
double tool_component(const tool_components *components, size_t k, const double *values,
                      size_t stride);

#endif
