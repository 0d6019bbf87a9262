/* A dataset in an HDF5 file, by the plugin: HDF5_PLUGIN_PATH names its folder if that is not where
 * HDF5 looks anyhow. libprism makes filter parameters of options. */
#include <hdf5.h>
#include <prism.h>
#include <stdio.h>
#include <string.h>

enum { FILTER = 33128 };

static short data[100][80][12], back[100][80][12];

int main(int count, char **arguments) {
    const hsize_t dims[] = {100, 80, 12}, chunk[] = {50, 80, 12};
    prism_options options = prism_options_default();
    prism_error error;
    uint32_t words[PRISM_OPTION_WORDS];
    if (count != 2 || prism_options_parse(&options, "transform=channels", &error) != PRISM_OK ||
        prism_options_pack(&options, words, &error) != PRISM_OK)
        return fprintf(stderr, "usage: dataset FILE\n"), 2;
    for (int i = 0; i < 100 * 80 * 12; i++)
        data[i / 960][i / 12 % 80][i % 12] = (short)(i / 960 * (i / 12 % 80) + 9 * (i % 12));

    hid_t file = H5Fcreate(arguments[1], H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(3, dims, NULL), creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 3, chunk);
    H5Pset_filter(creation, FILTER, H5Z_FLAG_MANDATORY, PRISM_OPTION_WORDS, words);
    hid_t dataset = H5Dcreate2(file, "x", H5T_STD_I16LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    if (dataset < 0 ||
        H5Dwrite(dataset, H5T_NATIVE_SHORT, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0 ||
        H5Fflush(file, H5F_SCOPE_GLOBAL) < 0 ||
        H5Dread(dataset, H5T_NATIVE_SHORT, H5S_ALL, H5S_ALL, H5P_DEFAULT, back) < 0)
        return 1; /* HDF5 has printed why */
    printf("%zu bytes in %llu\n", sizeof data, (unsigned long long)H5Dget_storage_size(dataset));
    H5Dclose(dataset), H5Pclose(creation), H5Sclose(space), H5Fclose(file);
    return memcmp(data, back, sizeof data) != 0;
}
