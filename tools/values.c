#include "values.h"

static bool any_member_varies(hid_t type) {
    const int members = H5Tget_nmembers(type);
    bool found = false;
    for (unsigned i = 0; (int)i < members && !found; i++) {
        hid_t member = H5Tget_member_type(type, i);
        found = tool_type_varies(member);
        H5Tclose(member);
    }
    return found;
}

/* H5Tdetect_class does not see strings of variable length. */
bool tool_type_varies(hid_t type) {
    switch (H5Tget_class(type)) {
    case H5T_VLEN:
        return true;
    case H5T_STRING:
        return H5Tis_variable_str(type) > 0;
    case H5T_COMPOUND:
        return any_member_varies(type);
    case H5T_ARRAY: {
        hid_t base = H5Tget_super(type);
        bool varies = tool_type_varies(base);
        H5Tclose(base);
        return varies;
    }
    default:
        return false;
    }
}

bool tool_type_refers(hid_t type) {
    return H5Tdetect_class(type, H5T_REFERENCE) > 0;
}

bool tool_type_is_plain(hid_t type) {
    return !tool_type_varies(type) && !tool_type_refers(type);
}

void tool_values_free(hid_t type, hid_t space, void *values) {
    if (!tool_type_is_plain(type))
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, values);
}
