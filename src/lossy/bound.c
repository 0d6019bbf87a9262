#include "lossy/bound.h"

#include <float.h>
#include <math.h>

void px_bound_write(px_buffer *out, const px_bound *bound) {
    px_put_u8(out, (uint8_t)bound->kind);
    px_put_u8(out, (uint8_t)bound->of);
    px_put_float(out, bound->value);
    px_put_float(out, bound->reached);
}

bool px_bound_read(px_bound *bound, px_reader *in) {
    bound->kind = (prism_bound)px_get_u8(in);
    bound->of = (prism_bound_of)px_get_u8(in);
    bound->value = px_get_float(in);
    bound->reached = px_get_float(in);
    return bound->kind >= PRISM_BOUND_MAX_ERROR && bound->kind <= PRISM_BOUND_DISTANCE &&
           bound->of <= PRISM_BOUND_OF_DEVIATION && bound->value >= FLT_MIN &&
           bound->value <= FLT_MAX && bound->reached >= 0;
}

float px_round_up(double number) {
    const float rounded = (float)number;
    return (double)rounded < number ? nextafterf(rounded, HUGE_VALF) : rounded;
}
