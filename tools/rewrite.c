#include "rewrite.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "copy.h"
#include "library.h"
#include "output.h"
#include "system/files.h"

/* Objects that take a newer format of HDF5 in the original may take it in the copy, too. The root
 * group is there as soon as the file is: other properties of the file may call for a newer format
 * of the file, but not of the root. */
static hid_t access_list(hid_t from) {
    H5F_info2_t info = {0};
    H5O_info_t root = {.hdr.version = 1};
    hid_t list = tool_access_list();
    H5Oget_info_by_name2(from, "/", &root, H5O_INFO_HDR, H5P_DEFAULT);
    H5Pset_fclose_degree(list, H5F_CLOSE_SEMI); /* an object that is still open is a mistake */
    H5Fget_info2(from, &info);
    H5Pset_libver_bounds(list,
                         root.hdr.version < 2      ? H5F_LIBVER_EARLIEST
                         : info.super.version < 2  ? H5F_LIBVER_EARLIEST
                         : info.super.version == 2 ? H5F_LIBVER_V18
                                                   : H5F_LIBVER_V110,
                         H5F_LIBVER_LATEST);
    return list;
}

/* That of the file itself says nothing of the root group. */
static hid_t creation_list(hid_t from) {
    hid_t list = H5Fget_create_plist(from), root = H5Gopen2(from, "/", H5P_DEFAULT);
    tool_copy_group_list(root, list);
    H5Gclose(root);
    return list;
}

static bool create_and_fill(hid_t from, hid_t creation, const char *name, const tool_rewriting *r) {
    hid_t access = access_list(from);
    hid_t to = H5Fcreate(name, H5F_ACC_EXCL, creation, access);
    H5Pclose(access);
    if (to < 0)
        return tool_fail_library("%s cannot be created", name);
    bool done = r->fill(r->request, from, to);
    if (!done && !tool_has_failed())
        tool_fail_library("%s cannot be written", name);
    if (H5Fclose(to) < 0 && done)
        done = tool_fail_library("%s cannot be written", name);
    return done;
}

/* What programs put in front of HDF5's own bytes. */
static bool copy_user_block(const char *input, const char *output, hsize_t size) {
    char bytes[512]; /* user blocks are multiples of it */
    int from = px_file_open(input, false), to = px_file_open(output, true);
    bool done = from >= 0 && to >= 0;
    for (hsize_t i = 0; i < size && done; i += sizeof bytes)
        done = read(from, bytes, sizeof bytes) == (ssize_t)sizeof bytes &&
               write(to, bytes, sizeof bytes) == (ssize_t)sizeof bytes;
    if (!done)
        tool_fail("the user block of %s: %s", input, strerror(errno));
    if (from >= 0)
        close(from);
    if (to >= 0 && close(to) != 0)
        done = false;
    return done;
}

static bool write_as(const tool_files *files, const char *name, const tool_rewriting *r) {
    hid_t from;
    hsize_t user_block = 0;
    if (!tool_open_input(&from, files->input))
        return false;
    hid_t creation = creation_list(from);
    H5Pget_userblock(creation, &user_block);
    bool done = create_and_fill(from, creation, name, r);
    H5Pclose(creation);
    H5Fclose(from);
    return done && copy_user_block(files->input, name, user_block);
}

/* Both files are opened anew: what is compared is what came to the disk. */
static bool check(const tool_files *files, const char *name, const tool_rewriting *r) {
    hid_t from, to;
    if (!tool_open_input(&from, files->input))
        return false;
    bool done = tool_open_input(&to, name);
    if (done) {
        done = r->check(r->request, from, to);
        H5Fclose(to);
    }
    H5Fclose(from);
    return done;
}

bool tool_rewrite(const tool_files *files, const tool_rewriting *r) {
    tool_output output;
    return tool_output_begin(&output, files->output, files->input, files->force) &&
           tool_output_end(&output, write_as(files, output.name, r) &&
                                        (files->unchecked || check(files, output.name, r)));
}
