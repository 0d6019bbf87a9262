#include "repacking.h"

#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "compare.h"
#include "library.h"

/* ---- What there is to do ---- */

static bool plan_dataset(tool_repacking *r, hid_t from, const char *path) {
    tool_chunked source;
    tool_choice choice = {.obstacle = NULL};
    bool done = tool_chunked_open(&source, from, path);
    if (done)
        r->choose(r->request, &source, &choice);
    const char *reason = choice.obstacle ? choice.obstacle : choice.exact_because;
    if (done && reason && r->names.count)
        done = tool_fail("%s: %s", path, reason);
    const bool planned = done && !choice.obstacle;
    tool_task *task = planned ? tool_task_new(&source, choice.chunk, choice.options) : NULL;
    if (task && choice.exact_because)
        snprintf(task->exact_because, sizeof task->exact_because, "%s", choice.exact_because);
    if (task)
        tool_encoder_add(&r->encoder, task);
    tool_chunked_close(&source);
    return done && (task || !planned);
}

static bool can_open(hid_t from, const char *name) {
    tool_chunked source;
    hid_t dataset = H5Dopen2(from, name, H5P_DEFAULT);
    if (dataset < 0)
        return false;
    const bool can = tool_chunked_try(&source, dataset, name);
    tool_chunked_close(&source);
    H5Dclose(dataset);
    return can;
}

static herr_t plan_visited(hid_t from, const char *name, const H5O_info_t *info, void *data) {
    if (info->type != H5O_TYPE_DATASET || !can_open(from, name))
        return 0; /* copying tells of it */
    return plan_dataset(data, from, name) ? 0 : -1;
}

/* Soft links lead to datasets, too, and two names to one. */
static bool plan_chosen(tool_repacking *r, hid_t from) {
    for (size_t i = 0; i < r->names.count; i++) {
        H5O_info_t info;
        if (H5Oget_info_by_name2(from, r->names.items[i], &info, H5O_INFO_BASIC, H5P_DEFAULT) >=
                0 &&
            tool_encoder_find(&r->encoder, info.addr))
            continue;
        if (!plan_dataset(r, from, r->names.items[i]))
            return false;
    }
    return true;
}

static bool plan(tool_repacking *r, hid_t from) {
    if (r->names.count)
        return plan_chosen(r, from);
    return H5Ovisit2(from, H5_INDEX_NAME, H5_ITER_NATIVE, plan_visited, r, H5O_INFO_BASIC) >= 0;
}

/* ---- Work ---- */

/* Of a dataset that is copied as it is. */
static bool tell_why(tool_repacking *r, const tool_place *place) {
    tool_chunked source;
    tool_choice choice = {.obstacle = NULL};
    const bool done = tool_chunked_open(&source, place->copy->from, place->path);
    if (done)
        r->choose(r->request, &source, &choice);
    tool_progress_clear();
    if (choice.obstacle)
        printf("%s: copied as it is; %s\n", place->path, choice.obstacle);
    tool_chunked_close(&source);
    return done;
}

static hid_t create_dataset(const tool_place *place, const tool_task *task) {
    hid_t type = tool_copy_type(place->copy, task->source.type);
    hid_t space = tool_copy_space(task->source.space);
    hid_t target = H5Dcreate2(place->copy->to, place->path, type, space, place->links, task->list,
                              H5P_DEFAULT);
    H5Sclose(space);
    H5Tclose(type);
    if (target >= 0 && tool_copy_attributes(place->copy, task->source.dataset, target))
        return target;
    if (target < 0)
        tool_fail_library("%s cannot be created", place->path);
    else
        H5Dclose(target);
    return H5I_INVALID_HID;
}

static bool take_dataset(void *data, const tool_place *place, bool *taken) {
    tool_repacking *r = data;
    tool_task *task = tool_encoder_find(&r->encoder, place->address);
    if (!task)
        return r->names.count > 0 || tell_why(r, place);
    if (!tool_encoder_run(&r->encoder, task))
        return false;
    if (tool_task_is_larger(task)) {
        tool_encoder_keep(&r->encoder, task);
        return true;
    }
    hid_t target = create_dataset(place, task);
    return *taken = target >= 0 && tool_encoder_write(&r->encoder, task, target);
}

static bool write_copy(void *data, hid_t from, hid_t to) {
    tool_repacking *r = data;
    r->copy = (tool_copy){.from = from, .to = to, .take = take_dataset, .request = r};
    bool done = tool_encoder_open(&r->encoder, from, to, &r->encoding) && plan(r, from) &&
                tool_copy_objects(&r->copy) && tool_copy_references(&r->copy);
    tool_encoder_close(&r->encoder);
    tool_copy_free(&r->copy);
    return done;
}

static bool check_copy(void *data, hid_t from, hid_t to) {
    const tool_repacking *r = data;
    return tool_compare(
        &(tool_comparison){.from = from,
                           .to = to,
                           .replaced = HADDR_UNDEF,
                           .threads = r->encoding.threads,
                           .unpacked = r->encoding.packing.filter != TOOL_FILTER_H5PRISM,
                           .bound = r->bound,
                           .skip_bad = r->encoding.skip_bad});
}

bool tool_repacking_run(tool_repacking *r) {
    return tool_rewrite(&r->files, &(tool_rewriting){write_copy, check_copy, r}) &&
           !r->copy.missing && !r->encoder.skipped;
}
