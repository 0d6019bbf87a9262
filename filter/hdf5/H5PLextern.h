/*
 * What the plugin uses of HDF5, as every HDF5 since 1.10 has it.
 *
 * The plugin is built with these declarations, so that building it (and the Python wheel) needs no
 * HDF5. They are part of HDF5's binary interface, which does not change. `h5prism`, the tool, is
 * built from the same sources with HDF5's own headers, and h5tests/test_wheel.py lets a compiler
 * compare the two: where those headers are included first, only the prototypes below are left.
 */
#ifndef PLUGIN_HDF5_H
#define PLUGIN_HDF5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef H5_VERS_MAJOR

typedef int64_t hid_t;
typedef int herr_t;
typedef int htri_t;
typedef unsigned long long hsize_t;

#define H5E_DEFAULT     ((hid_t)0)
#define H5I_INVALID_HID (-1)

typedef int H5I_type_t; /* an enumeration there */

typedef enum H5T_class_t {
    H5T_NO_CLASS = -1,
    H5T_INTEGER = 0,
    H5T_FLOAT = 1,
    H5T_TIME = 2,
    H5T_STRING = 3,
    H5T_BITFIELD = 4,
    H5T_OPAQUE = 5,
    H5T_COMPOUND = 6,
    H5T_REFERENCE = 7,
    H5T_ENUM = 8,
    H5T_VLEN = 9,
    H5T_ARRAY = 10,
} H5T_class_t; /* 11: H5T_COMPLEX, since HDF5 2.0 */

typedef enum H5T_order_t {
    H5T_ORDER_ERROR = -1,
    H5T_ORDER_LE = 0,
    H5T_ORDER_BE = 1,
} H5T_order_t;

typedef enum H5T_sign_t {
    H5T_SGN_ERROR = -1,
    H5T_SGN_NONE = 0,
    H5T_SGN_2 = 1,
} H5T_sign_t;

typedef enum H5D_fill_value_t {
    H5D_FILL_VALUE_ERROR = -1,
    H5D_FILL_VALUE_UNDEFINED = 0,
    H5D_FILL_VALUE_DEFAULT = 1,
    H5D_FILL_VALUE_USER_DEFINED = 2,
} H5D_fill_value_t;

typedef int H5Z_filter_t;

#define H5Z_FILTER_DEFLATE     1
#define H5Z_FILTER_FLETCHER32  3
#define H5Z_FILTER_SZIP        4
#define H5Z_FILTER_NBIT        5
#define H5Z_FILTER_SCALEOFFSET 6

#define H5Z_CLASS_T_VERS  (1)
#define H5Z_FLAG_REVERSE  0x0100
#define H5Z_FLAG_SKIP_EDC 0x0200

typedef size_t (*H5Z_func_t)(unsigned flags, size_t cd_nelmts, const unsigned cd_values[],
                             size_t nbytes, size_t *buf_size, void **buf);

typedef struct H5Z_class2_t {
    int version;
    H5Z_filter_t id;
    unsigned encoder_present;
    unsigned decoder_present;
    const char *name;
    htri_t (*can_apply)(hid_t dcpl_id, hid_t type_id, hid_t space_id);
    herr_t (*set_local)(hid_t dcpl_id, hid_t type_id, hid_t space_id);
    H5Z_func_t filter;
} H5Z_class2_t;

typedef enum H5PL_type_t {
    H5PL_TYPE_ERROR = -1,
    H5PL_TYPE_FILTER = 0,
} H5PL_type_t;

H5I_type_t H5Iget_type(hid_t id);

#endif

herr_t H5get_libversion(unsigned *major, unsigned *minor, unsigned *release);
void *H5allocate_memory(size_t size, bool clear);
herr_t H5free_memory(void *memory);
herr_t H5Epush2(hid_t stack, const char *file, const char *function, unsigned line, hid_t class_id,
                hid_t major_id, hid_t minor_id, const char *message, ...);

H5T_class_t H5Tget_class(hid_t type);
size_t H5Tget_size(hid_t type);
H5T_order_t H5Tget_order(hid_t type);
size_t H5Tget_precision(hid_t type);
H5T_sign_t H5Tget_sign(hid_t type);
herr_t H5Tget_fields(hid_t type, size_t *sign, size_t *exponent, size_t *exponent_bits,
                     size_t *fraction, size_t *fraction_bits);
hid_t H5Tget_super(hid_t type);
int H5Tget_nmembers(hid_t type);
hid_t H5Tget_member_type(hid_t type, unsigned member);
herr_t H5Tclose(hid_t type);

htri_t H5Sis_simple(hid_t space);
int H5Sget_simple_extent_ndims(hid_t space);
int H5Sget_simple_extent_dims(hid_t space, hsize_t dims[], hsize_t maxdims[]);

int H5Pget_nfilters(hid_t list);
H5Z_filter_t H5Pget_filter2(hid_t list, unsigned index, unsigned *flags, size_t *count,
                            unsigned values[], size_t name_size, char name[], unsigned *config);
herr_t H5Pget_filter_by_id2(hid_t list, H5Z_filter_t id, unsigned *flags, size_t *count,
                            unsigned values[], size_t name_size, char name[], unsigned *config);
herr_t H5Pmodify_filter(hid_t list, H5Z_filter_t id, unsigned flags, size_t count,
                        const unsigned values[]);
herr_t H5Pfill_value_defined(hid_t list, H5D_fill_value_t *status);
herr_t H5Pget_fill_value(hid_t list, hid_t type, void *value);

#if defined(_WIN32)
#define PLUGIN_API __declspec(dllexport)
#else
#define PLUGIN_API __attribute__((visibility("default")))
#endif

/* What HDF5 looks up in a plugin. */
PLUGIN_API H5PL_type_t H5PLget_plugin_type(void);
PLUGIN_API const void *H5PLget_plugin_info(void);

#endif
