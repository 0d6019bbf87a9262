/* The equations of fit_blend.c. Floats, but the same in every set: no fused operations. */

PX_INLINE px_float_part float_part_all(float value) {
    return value - (px_float_part){0};
}

PX_INLINE px_float_part float_part_of(px_part value) {
    return __builtin_convertvector(value, px_float_part);
}

PX_INLINE px_float_part float_part_max(px_float_part a, px_float_part b) {
    const px_part larger = (px_part)(a > b);
    return (px_float_part)(((px_part)a & larger) | ((px_part)b & ~larger));
}

/* As px_fast_log2. */
PX_INLINE px_float_part float_part_log2(px_float_part value) {
    const px_part bits = (px_part)value;
    const px_float_part m = (px_float_part)((bits & 0x7fffff) | 127 << 23);
    return float_part_of((bits >> 23) - 127) - 2.1536207f +
           m * (3.0478842f + m * (-1.0518750f + m * 0.15824870f));
}

/* As px_fast_exp2; value <= 0. */
PX_INLINE px_float_part float_part_exp2(px_float_part value) {
    enum { LEAST = 125 };
    const px_float_part above = float_part_max(value, float_part_all(-LEAST)) + (float)LEAST;
    const px_part whole = __builtin_convertvector(above, px_part);
    const px_float_part part = above - float_part_of(whole);
    const px_float_part scale = (px_float_part)((whole + (127 - LEAST)) << 23);
    return scale * (1 + part * (0.6951786f + part * (0.2276448f + part * 0.0771766f)));
}

/* 1 / sqrt(value), within some millionths: Newton's steps from a linear guess of the exponent. */
PX_INLINE px_float_part float_part_inverse_root(px_float_part value) {
    px_float_part root = (px_float_part)(0x5f3759df - ((px_part)value >> 1));
    for (int i = 0; i < 2; i++)
        root = root * (1.5f - 0.5f * value * root * root);
    return root;
}

/* Energies of expert e from a step of a dump. */
PX_INLINE px_float_part dumped_energy(const int32_t *dump, int e) {
    const px_part pair = part_load(dump + (size_t)(PX_BLEND_EXPERTS + e / 2) * PX_LANES);
    return float_part_of((e % 2 ? pair >> 16 : pair) & 0xffff);
}

PX_INLINE void slopes_of_part(float *rows, size_t length, const int32_t *dump,
                              const px_blend_scores *s) {
    px_float_part means[PX_BLEND_EXPERTS], logs[PX_BLEND_EXPERTS], shares[PX_BLEND_EXPERTS];
    px_float_part best = float_part_all(-1e9f), least = float_part_all(-1e9f);
    for (int e = 0; e < s->experts; e++) {
        const px_float_part energy = dumped_energy(dump, e);
        means[e] = float_part_of(part_load(dump + (size_t)e * PX_LANES));
        logs[e] = float_part_log2(energy + s->floor);
        shares[e] = s->gates[e] - s->power * logs[e];
        best = float_part_max(best, shares[e]);
        least = float_part_max(least, -energy);
    }
    px_float_part sum = {0}, mean = {0};
    for (int e = 0; e < s->experts; e++) {
        shares[e] = float_part_exp2(shares[e] - best);
        sum += shares[e];
        mean += shares[e] * means[e];
    }
    const int32_t *samples = dump + (size_t)(PX_BLEND_EXPERTS + PX_BLEND_PAIRS) * PX_LANES;
    const px_float_part one = float_part_of(part_load(samples + PX_LANES));
    const px_float_part inverse = 1 / sum;
    mean *= inverse;
    const px_float_part rest = float_part_of(part_load(samples) * (1 << PX_MEAN_BITS)) - mean;
    const px_float_part error = 5 - least * s->unit;
    const px_float_part weight =
        one * float_part_inverse_root(error * error + s->outliers * rest * rest);
    const px_float_part scale = weight * inverse * 0.69314718f;
    px_float_part power = {0};
    for (int e = 0; e < s->experts; e++) {
        const px_float_part slope = scale * shares[e] * (means[e] - mean);
        power -= slope * logs[e];
        float_part_store(rows + (size_t)e * length, slope);
    }
    float_part_store(rows + (size_t)PX_BLEND_EXPERTS * length, power);
    float_part_store(rows + (size_t)(PX_BLEND_EXPERTS + 1) * length, weight * rest);
}

static void blend_slopes(float *rows, size_t length, const int32_t *dump, size_t steps,
                         const px_blend_scores *scores) {
    for (size_t i = 0; i < steps; i++, dump += PX_BLEND_DUMP * PX_LANES)
        for (size_t p = 0; p < PX_LANES; p += PX_PART_LANES)
            slopes_of_part(rows + i * PX_LANES + p, length, dump + p, scores);
}
