/* One chunk by the library alone: encoded, decoded, compared. */
#include <prism.h>
#include <stdio.h>
#include <string.h>

static unsigned char data[64][64][16], back[64][64][16], chunk[sizeof data + 512];

int main(void) {
    const prism_array array = {.type = PRISM_UINT8, .rank = 3, .dims = {64, 64, 16}};
    prism_options options = prism_options_default();
    prism_error error;
    size_t size;
    for (int y = 0; y < 64; y++)
        for (int x = 0; x < 64; x++)
            for (int c = 0; c < 16; c++)
                data[y][x][c] = (unsigned char)(2 * y + x * x / 40 + 5 * c);
    if (prism_options_parse(&options, "effort=7", &error) != PRISM_OK ||
        prism_encode(&array, data, &options, chunk, sizeof chunk, &size, &error) != PRISM_OK ||
        prism_decode(chunk, size, back, sizeof back, NULL, &error) != PRISM_OK)
        return fprintf(stderr, "%s\n", error.message), 1;
    printf("%zu bytes in %zu\n", sizeof data, size);
    return memcmp(data, back, sizeof data) != 0;
}
