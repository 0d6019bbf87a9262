/* h5prism import: a JPEG XL image as a dataset that the filter compresses. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "base/array.h"
#include "base/status.h"
#include "coders/jxl.h"
#include "command.h"
#include "creation.h"
#include "library.h"
#include "output.h"
#include "source.h"
#include "stack_writer.h"
#include "system/files.h"

static const size_t CHUNK_BYTES = 16u << 20;

typedef struct request {
    const char *files[2], *dataset, *options;
    long long axis;
    bool is_signed, force;
} request;

static const char help[] =
    "usage: h5prism import IN.jxl OUT.h5 --dataset PATH [OPTION...]\n"
    "\n"
    "Writes a new HDF5 file with a JPEG XL image of 8 or 16 bit integers as a dataset that "
    "h5prism\n"
    "compresses: height x width x planes, colours first, then extra channels (alpha, or what\n"
    "h5prism export made of planes); height x width if there is one plane.\n"
    "\n"
    "  --signed                 values less half their range, as int8 or int16\n"
    "  --axis 0|2               where the planes lie; default 2, 0 for planes x height x width\n"
    "  --options KEY=VALUE,...  of h5prism (h5prism --help); default everything automatic\n"
    "  --force                  replace OUT.h5 if it is there\n"
    "\n"
    "Planes are in chunks of up to 16 MiB. An image that was coded with loss comes as it "
    "decodes.\n";

/* ---- The image ---- */

static bool read_all(px_buffer *bytes, const char *name) {
    enum { STEP = 1 << 20 };
    FILE *file = px_file_stream(name, false);
    if (!file)
        return tool_fail("%s: %s", name, strerror(errno));
    for (size_t read = STEP; read == STEP && !bytes->failed;) {
        uint8_t *next = px_buffer_reserve(bytes, STEP);
        read = next ? fread(next, 1, STEP, file) : 0;
        bytes->size += read;
    }
    const bool done = !bytes->failed && !ferror(file);
    fclose(file);
    return done || tool_fail("%s cannot be read", name);
}

typedef struct picture {
    prism_array array;
    size_t size;
    int axis;
    void *elements; /* owned */
} picture;

static prism_status shape_picture(picture *p, const request *r, const px_jxl_shape *shape,
                                  prism_error *error) {
    const size_t planes = shape->colours + shape->extras;
    p->array =
        (prism_array){.type = shape->depth == 8 ? (r->is_signed ? PRISM_INT8 : PRISM_UINT8)
                                                : (r->is_signed ? PRISM_INT16 : PRISM_UINT16),
                      .order = px_native_order(),
                      .rank = planes > 1 ? 3 : 2};
    p->axis = planes > 1 ? (int)r->axis : PRISM_AXIS_AUTO;
    const size_t sides[] = {shape->height, shape->width};
    for (int i = 0, side = 0; i < (int)p->array.rank; i++)
        p->array.dims[i] = i == p->axis ? planes : sides[side++];
    return prism_array_size(&p->array, &p->size, error);
}

static prism_status decode_picture(picture *p, const px_jxl_shape *shape, const px_buffer *bytes,
                                   prism_error *error) {
    const px_layout layout = px_layout_make(&p->array, p->axis);
    px_planes planes;
    prism_status status = px_planes_alloc(&planes, &p->array, &layout, error);
    if (status != PRISM_OK)
        return status;
    status = px_jxl_decode_image(&planes, 0, shape, bytes->data, bytes->size, error);
    p->elements = status == PRISM_OK ? malloc(p->size) : NULL;
    if (status == PRISM_OK && !p->elements)
        status = px_out_of_memory(error, p->size);
    if (status == PRISM_OK)
        px_planes_store(&planes, &p->array, &layout, p->elements);
    px_planes_free(&planes);
    return status;
}

static bool read_picture(picture *p, const request *r) {
    px_buffer bytes = {0};
    px_jxl_shape shape;
    prism_error error;
    bool done = read_all(&bytes, r->files[0]);
    if (done && (px_jxl_inspect_image(&shape, bytes.data, bytes.size, &error) != PRISM_OK ||
                 shape_picture(p, r, &shape, &error) != PRISM_OK ||
                 decode_picture(p, &shape, &bytes, &error) != PRISM_OK))
        done = tool_fail("%s: %s", r->files[0], error.message);
    px_buffer_free(&bytes);
    return done;
}

/* ---- The dataset ---- */

static hid_t create(hid_t file, const request *r, const picture *p, const prism_options *options) {
    const int rank = (int)p->array.rank;
    hsize_t dims[PRISM_MAX_RANK], chunk[PRISM_MAX_RANK];
    for (int i = 0; i < rank; i++)
        dims[i] = chunk[i] = p->array.dims[i];
    tool_halve(chunk, rank, prism_type_size(p->array.type), CHUNK_BYTES, p->axis);
    hid_t list = tool_creation_list(rank, chunk, options), links = H5Pcreate(H5P_LINK_CREATE);
    hid_t space = H5Screate_simple(rank, dims, NULL);
    H5Pset_create_intermediate_group(links, 1);
    hid_t dataset = H5Dcreate2(file, r->dataset, tool_stack_type(p->array.type), space, links, list,
                               H5P_DEFAULT);
    H5Sclose(space);
    H5Pclose(links);
    H5Pclose(list);
    if (dataset < 0)
        tool_fail_library("%s cannot be created", r->dataset);
    return dataset;
}

static bool write_dataset(hid_t file, const request *r, const picture *p,
                          const prism_options *options) {
    hid_t dataset = create(file, r, p, options);
    if (dataset < 0)
        return false;
    bool done = H5Dwrite(dataset, tool_stack_type(p->array.type), H5S_ALL, H5S_ALL, H5P_DEFAULT,
                         p->elements) >= 0;
    const hsize_t stored = H5Dget_storage_size(dataset);
    done = H5Dclose(dataset) >= 0 && done;
    if (done)
        printf("%s: %s, %zu bytes of values in %zu\n", r->files[1], r->dataset, p->size,
               (size_t)stored);
    return done || tool_fail_library("%s cannot be written", r->dataset);
}

/* The file is opened anew: what is compared is what came to the disk. */
static bool check_file(const char *name, const request *r, const picture *p) {
    hid_t file, dataset = H5I_INVALID_HID;
    if (!tool_open_input(&file, name))
        return false;
    void *elements = malloc(p->size);
    bool done = (elements || tool_fail("out of memory for %zu bytes", p->size)) &&
                tool_open_dataset(&dataset, file, r->dataset);
    if (done && (H5Dread(dataset, tool_stack_type(p->array.type), H5S_ALL, H5S_ALL, H5P_DEFAULT,
                         elements) < 0 ||
                 memcmp(elements, p->elements, p->size) != 0))
        done = tool_fail("%s: it does not read as it was written", r->dataset);
    if (dataset >= 0)
        H5Dclose(dataset);
    free(elements);
    H5Fclose(file);
    return done;
}

static bool write_file(const request *r, const picture *p, const prism_options *options) {
    tool_output output;
    if (!tool_output_begin(&output, r->files[1], r->files[0], r->force))
        return false;
    hid_t file = H5Fcreate(output.name, H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
    bool done = file >= 0 ? write_dataset(file, r, p, options)
                          : tool_fail_library("%s cannot be created", r->files[1]);
    if (file >= 0 && H5Fclose(file) < 0 && done)
        done = tool_fail_library("%s cannot be written", r->files[1]);
    return tool_output_end(&output, done && check_file(output.name, r, p));
}

static bool run(const request *r, const prism_options *options) {
    picture p = {.elements = NULL};
    const bool done = read_picture(&p, r) && write_file(r, &p, options);
    free(p.elements);
    return done;
}

int tool_import(int count, char **arguments) {
    request r = {.axis = 2};
    const tool_option options[] = {
        {"--dataset", TOOL_TEXT, &r.dataset, 0, 0}, {"--signed", TOOL_FLAG, &r.is_signed, 0, 0},
        {"--axis", TOOL_NUMBER, &r.axis, 0, 2},     {"--options", TOOL_TEXT, &r.options, 0, 0},
        {"--force", TOOL_FLAG, &r.force, 0, 0},     {NULL, TOOL_FLAG, NULL, 0, 0},
    };
    int code;
    if (!tool_arguments_read(&(tool_arguments){help, options, r.files, 2, 0}, count, arguments,
                             &code))
        return code;
    if (!r.dataset || !r.dataset[strspn(r.dataset, "/")])
        return tool_misused("--dataset PATH says what the image is to be called");
    if (r.axis == 1)
        return tool_misused("--axis 1: planes come first (0) or last (2)");
    prism_options filter;
    if (!tool_is_hdf5_name(r.files[1]) || !tool_read_filter_options(&filter, r.options))
        return EXIT_USAGE;
    tool_library_start();
    return run(&r, &filter) ? EXIT_DONE : EXIT_FAILED;
}
