/* Two threads decode a chunk in bands twice as fast. Chunks that are small have none: a second
 * beginning of the entropy coder, and a row without neighbours above, count more there. */
#include "coders/ans/lsq/bands.h"

#include "base/sizes.h"
#include "coders/ans/lsq/encoder.h"

enum { LEAST_BYTES = 1 << 22, LEAST_ROWS = 4, FEW_PLANES = 16 };

bool px_bands_possible(const px_planes *planes) {
    return px_product(planes->count, px_plane_bytes(planes)) >= LEAST_BYTES &&
           planes->height >= LEAST_ROWS;
}

bool px_bands_follow(size_t count) {
    return count >= FEW_PLANES;
}

/* The first one is higher, if they are not the same. */
px_rectangle px_band_at(const px_planes *planes, size_t band) {
    const size_t first = (planes->height + 1) / PX_BANDS;
    return (px_rectangle){.y = band ? first : 0,
                          .height = band ? planes->height - first : first,
                          .width = planes->width};
}

px_planes px_band_planes(const px_planes *planes, size_t band) {
    const px_rectangle rows = px_band_at(planes, band);
    px_planes of_band = *planes;
    of_band.height = rows.height;
    of_band.holes = NULL;
    if (planes->samples)
        of_band.samples += rows.y * planes->width;
    return of_band;
}

size_t px_band_column(const px_rectangle *bands, size_t band) {
    return PX_PAD_LEFT + band * px_block_pitch(bands[band].width);
}

size_t px_band_wave(px_wave *wave, const px_rectangle *bands, size_t band) {
    const size_t begin = px_band_column(bands, band);
    wave->height = bands[band].height;
    wave->width = bands[band].width;
    wave->samples += begin;
    wave->holes = NULL;
    return begin;
}

size_t px_lsq_row(px_wave *row, const px_group_task *task, const px_wave *wave, size_t y,
                  size_t band) {
    const size_t begin = task->bands ? px_band_column(task->bands, band) : 0;
    *row = *wave;
    row->height = task->bands ? y < task->bands[band].height : 1;
    row->width = task->bands ? task->bands[band].width : wave->width;
    row->samples += y * wave->stride + begin;
    row->errors += y * wave->stride + begin;
    row->logs += y * wave->logs_stride + begin;
    row->mixed += wave->mixed_stride ? y * wave->mixed_stride + begin : 0;
    row->running += wave->running_stride ? y * wave->running_stride + begin : 0;
    row->holes = wave->holes ? wave->holes + y * wave->width : NULL;
    return y * wave->stride + begin;
}

size_t px_lsq_part(px_wave *part, const px_group_task *task, const px_wave *wave, size_t index) {
    *part = *wave;
    return task->bands ? px_lsq_row(part, task, wave, index / PX_BANDS, index % PX_BANDS) : 0;
}
