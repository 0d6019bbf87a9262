/*
 * A plain HDF5 program for test_filter_hosts.py, which links it in different ways to see whether
 * the plugin finds the HDF5 library inside of it:
 *
 *   filter_host write FILE    creates /x with the filter (MANDATORY) and writes it
 *   filter_host read FILE     reads /x and checks the values
 *   filter_host refuse FILE   prints HDF5's errors for a dataset that the filter must refuse
 *
 * Exit code 0: done; 1: HDF5 failed; 2: wrong values.
 */
#include <hdf5.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 64, COLUMNS = 48, PLANES = 8, COUNT = ROWS * COLUMNS * PLANES, FILTER = 33128 };

static void fill(short *values) {
    for (int i = 0; i < COUNT; i++)
        values[i] = (short)(i / PLANES % COLUMNS * 3 + i % PLANES);
}

static hid_t create(hid_t file, hid_t type) {
    const hsize_t dims[] = {ROWS, COLUMNS, PLANES}, chunk[] = {ROWS / 2, COLUMNS, PLANES};
    hid_t list = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(3, dims, NULL);
    hid_t dataset = H5I_INVALID_HID;
    if (H5Pset_chunk(list, 3, chunk) >= 0 &&
        H5Pset_filter(list, FILTER, H5Z_FLAG_MANDATORY, 0, NULL) >= 0)
        dataset = H5Dcreate2(file, "x", type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    H5Pclose(list);
    H5Sclose(space);
    return dataset;
}

static int write_file(const char *path) {
    static short values[COUNT];
    fill(values);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t dataset = create(file, H5T_STD_I16BE);
    herr_t status =
        dataset < 0 ? -1
                    : H5Dwrite(dataset, H5T_NATIVE_SHORT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    if (dataset >= 0)
        status = H5Dclose(dataset) < 0 ? -1 : status;
    return H5Fclose(file) < 0 || status < 0;
}

static int read_file(const char *path) {
    static short values[COUNT], expected[COUNT];
    fill(expected);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, "x", H5P_DEFAULT);
    herr_t status = H5Dread(dataset, H5T_NATIVE_SHORT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(dataset);
    H5Fclose(file);
    return status < 0 ? 1 : memcmp(values, expected, sizeof values) ? 2 : 0;
}

/* Naming these variables gives a program that is not position independent its own copy of them,
 * while the library's stays unset. */
static int use_error_variables(void) {
    return H5E_ERR_CLS != H5E_PLINE && H5E_CANAPPLY != H5E_SETLOCAL;
}

static int refuse(const char *path) {
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t dataset = create(file, H5T_C_S1);
    H5Fclose(file);
    return dataset >= 0 || !use_error_variables();
}

int main(int count, char **arguments) {
    if (count != 3)
        return 3;
    if (strcmp(arguments[1], "write") == 0)
        return write_file(arguments[2]);
    if (strcmp(arguments[1], "read") == 0)
        return read_file(arguments[2]);
    return refuse(arguments[2]);
}
