/*
 * Options as text ("coder=jxl,effort=7"), and what they may be. The tables below are the only place
 * that knows the spellings.
 */
#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/effort.h"
#include "base/status.h"
#include "planes/stages.h"
#include "prism.h"
#include "system/locale.h"
#include "system/threads.h"

#define MAX_EFFORT    (PX_EFFORT_COUNT - 1)
#define MAX_THREADS   1024
#define MOST_DISTANCE 15 /* of libjxl 0.7 */

/* Of a value that is not to be asked for. */
#define NOT_ASKED ""

/* Indexed by the enums of prism.h. */
static const char *const transforms[] = {"auto", "none", "channels", "stack", NULL};
static const char *const predictors[] = {"auto", "none", "paeth", "lsq", NULL};
static const char *const coders[] = {"auto", "deflate", "jxl", "ans", NOT_ASKED, "zstd", NULL};
static const char *const switches[] = {"off", "on", NULL};
static const char *const bounds[] = {"off",      "max_error", "rel_max_error",
                                     "rel_rmse", "distance",  NULL};
static const char *const references[] = {"rms", "deviation", NULL};
static const char *const orders[] = {"auto", "stored", NULL};

/* An option whose values have names, and where it is kept: a bool if they are switches, or an enum.
 */
typedef struct named {
    const char *key;
    const char *const *names;
    size_t at;
    const char *meaning; /* for messages, where the key says too little */
} named;

static const named named_options[] = {
    {"transform", transforms, offsetof(prism_options, transform), NULL},
    {"predictor", predictors, offsetof(prism_options, predictor), NULL},
    {"coder", coders, offsetof(prism_options, coder), NULL},
    {"checksum", switches, offsetof(prism_options, checksum), NULL},
    {"verify", switches, offsetof(prism_options, verify), NULL},
    {"order", orders, offsetof(prism_options, order), NULL},
    {"of", references, offsetof(prism_options, bound_of), "what the bound is relative to"}};
enum { NAMED_OPTIONS = sizeof named_options / sizeof *named_options };

_Static_assert(sizeof(prism_coder) == sizeof(int), "enums are read and written as integers");

static int choice_of(const prism_options *o, const named *n) {
    const void *at = (const char *)o + n->at;
    return n->names == switches ? *(const bool *)at : *(const int *)at;
}

static void choose(prism_options *o, const named *n, int choice) {
    void *at = (char *)o + n->at;
    if (n->names == switches)
        *(bool *)at = choice != 0;
    else
        *(int *)at = choice;
}

const char *prism_bound_name(prism_bound bound) {
    const size_t index = (size_t)bound;
    return index == 0 ? "none" : index + 1 < sizeof bounds / sizeof *bounds ? bounds[index] : NULL;
}

const char *prism_bound_of_name(prism_bound_of of) {
    const size_t index = (size_t)of;
    return index + 1 < sizeof references / sizeof *references ? references[index] : NULL;
}

prism_options prism_options_default(void) {
    return (prism_options){
        .effort = PRISM_EFFORT_DEFAULT, .axis = PRISM_AXIS_AUTO, .checksum = true, .threads = 1};
}

static int find_name(const char *const *names, const char *value) {
    for (int i = 0; names[i]; i++)
        if (*names[i] && strcmp(names[i], value) == 0)
            return i;
    return -1;
}

static prism_status unknown_value(const char *key, const char *value, const char *const *names,
                                  prism_error *error) {
    char list[80] = "";
    for (int i = 0; names[i]; i++) {
        size_t used = strlen(list);
        if (*names[i])
            snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
    }
    return px_fail(error, PRISM_E_OPTION, "%s=%.40s: expected one of %s", key, value, list);
}

/* *known: the option is one of those that have names. */
static prism_status set_named(prism_options *o, const char *key, const char *value, bool *known,
                              prism_error *error) {
    const named *n = named_options;
    while (n < named_options + NAMED_OPTIONS && strcmp(key, n->key) != 0)
        n++;
    *known = n < named_options + NAMED_OPTIONS;
    if (!*known)
        return PRISM_OK;
    const int choice = find_name(n->names, value);
    if (choice < 0)
        return unknown_value(key, value, n->names, error);
    choose(o, n, choice);
    return PRISM_OK;
}

static prism_status read_integer(int *number, int low, int high, const char *key, const char *value,
                                 prism_error *error) {
    char *end;
    long parsed = strtol(value, &end, 10);
    bool digits = isdigit((unsigned char)value[0]) && *end == '\0';
    if (!digits || parsed < low || parsed > high)
        return px_fail(error, PRISM_E_OPTION, "%s=%.40s: expected an integer in %d..%d", key, value,
                       low, high);
    *number = (int)parsed;
    return PRISM_OK;
}

/* -1, ... count from the last axis on. */
static prism_status read_axis(int *axis, const char *key, const char *value, prism_error *error) {
    const bool from_end = value[0] == '-';
    int number = 0;
    const prism_status status =
        read_integer(&number, from_end, PRISM_MAX_RANK - !from_end, key, value + from_end, NULL);
    if (status != PRISM_OK)
        return px_fail(error, PRISM_E_OPTION, "axis=%.40s: expected auto or an integer in %d..%d",
                       value, -PRISM_MAX_RANK, PRISM_MAX_RANK - 1);
    *axis = from_end ? PRISM_AXIS_LAST + 1 - number : number;
    return PRISM_OK;
}

static bool is_block(int side) {
    return side == 0 || (side >= 4 && side <= 64 && (side & (side - 1)) == 0);
}

static prism_status read_block(int *block, const char *key, const char *value, prism_error *error) {
    int side = 0;
    prism_status status = read_integer(&side, 0, 64, key, value, error);
    if (status == PRISM_OK && !is_block(side))
        status = px_fail(error, PRISM_E_OPTION, "block=%s: expected 0, 4, 8, 16, 32 or 64", value);
    if (status == PRISM_OK)
        *block = side;
    return status;
}

static prism_status read_threads(int *threads, const char *key, const char *value,
                                 prism_error *error) {
    if (strcmp(value, "auto") != 0)
        return read_integer(threads, 1, MAX_THREADS, key, value, error);
    const int processors = px_processors();
    *threads = processors < MAX_THREADS ? processors : MAX_THREADS;
    return PRISM_OK;
}

/* The largest float that is not above the number: a bound must not grow. */
static float round_down(double number) {
    const float rounded = (float)number;
    return (double)rounded > number ? nextafterf(rounded, 0) : rounded;
}

/* What a bound of that kind may be: a share of 1 or more keeps nothing. */
typedef struct range {
    double most;
    const char *text;
} range;

static range range_of(prism_bound bound) {
    switch (bound) {
    case PRISM_BOUND_REL_MAX_ERROR:
    case PRISM_BOUND_REL_RMSE:
        return (range){1 - DBL_EPSILON, "between 0 and 1, a share such as 0.01"};
    case PRISM_BOUND_DISTANCE:
        return (range){MOST_DISTANCE, "above 0, at most 15"};
    default:
        return (range){FLT_MAX, "above 0 that a float32 can hold"};
    }
}

static bool is_bound(prism_bound bound, double number) {
    return number >= FLT_MIN && number <= range_of(bound).most;
}

/* One bound at most: "off" takes back the one it names. */
static prism_status set_bound(prism_options *o, prism_bound bound, const char *key,
                              const char *value, prism_error *error) {
    char *end;
    const px_locale l = px_locale_enter();
    const double number = strtod(value, &end);
    px_locale_leave(&l);
    if (strcmp(value, "off") == 0) {
        if (o->bound == bound) {
            o->bound = PRISM_BOUND_NONE;
            o->bound_value = 0;
        }
        return PRISM_OK;
    }
    if (end == value || *end || !is_bound(bound, number))
        return px_fail(error, PRISM_E_OPTION, "%s=%.40s: expected a number %s, or off", key, value,
                       range_of(bound).text);
    if (o->bound != PRISM_BOUND_NONE && o->bound != bound)
        return px_fail(error, PRISM_E_OPTION, "%s=%.40s: there is another bound already, %s", key,
                       value, bounds[o->bound]);
    o->bound = bound;
    o->bound_value = round_down(number);
    return PRISM_OK;
}

/* Modulo 2^64. */
static uint64_t integer_of(double magnitude) {
    return magnitude < 0x1p64 ? (uint64_t)magnitude : 0;
}

/* What an integer of 64 bits is beyond the double nearest to it; 0 for all other text. */
static int rest_of(const char *value, double nearest) {
    const char *digits = value + (value[0] == '-');
    char *end;
    errno = 0;
    const unsigned long long magnitude = strtoull(digits, &end, 10);
    if (errno || *end || strspn(digits, "0123456789") == 0)
        return 0;
    const int rest = (int)(int64_t)(magnitude - integer_of(fabs(nearest)));
    return digits > value ? -rest : rest;
}

/* The value of missing data; "off": there is none. */
static prism_status set_missing(prism_options *o, const char *value, prism_error *error) {
    char *end;
    const px_locale l = px_locale_enter();
    const double number = strtod(value, &end);
    px_locale_leave(&l);
    const bool off = strcmp(value, "off") == 0;
    if (!off && (end == value || *end || !isfinite(number)))
        return px_fail(error, PRISM_E_OPTION,
                       "missing=%.40s: expected a finite number, or off; NaN stays as it is anyway",
                       value);
    o->has_missing = !off;
    o->missing = off ? 0 : number;
    o->missing_rest = off ? 0 : rest_of(value, number);
    return PRISM_OK;
}

prism_status prism_options_set(prism_options *options, const char *key, const char *value,
                               prism_error *error) {
    if (!options || !key || !value)
        return px_fail(error, PRISM_E_ARGUMENT, "options, key and value must not be NULL");
    px_succeed(error);
    bool known;
    prism_status status = set_named(options, key, value, &known, error);
    if (known)
        return status;
    if (strcmp(key, "missing") == 0)
        return set_missing(options, value, error);
    const int bound = find_name(bounds + 1, key) + 1;
    if (bound)
        return set_bound(options, (prism_bound)bound, key, value, error);
    if (strcmp(key, "effort") == 0)
        return read_integer(&options->effort, 1, MAX_EFFORT, key, value, error);
    if (strcmp(key, "block") == 0)
        return read_block(&options->block, key, value, error);
    if (strcmp(key, "threads") == 0)
        return read_threads(&options->threads, key, value, error);
    if (strcmp(key, "axis") == 0) {
        if (strcmp(value, "auto") != 0)
            return read_axis(&options->axis, key, value, error);
        options->axis = PRISM_AXIS_AUTO;
        return PRISM_OK;
    }
    return px_fail(error, PRISM_E_OPTION,
                   "unknown option %.40s: expected transform, predictor, coder, effort, axis, "
                   "checksum, verify, threads, block, order, max_error, rel_max_error, rel_rmse, "
                   "of, distance or missing",
                   key);
}

/* Copies text[0, length) without the spaces around it; false if it does not fit. */
static bool copy_trimmed(char *copy, size_t capacity, const char *text, size_t length) {
    while (length && isspace((unsigned char)*text))
        text++, length--;
    while (length && isspace((unsigned char)text[length - 1]))
        length--;
    if (length >= capacity)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return true;
}

static prism_status parse_pair(prism_options *options, const char *pair, size_t length,
                               prism_error *error) {
    char key[48], value[48];
    const char *equals = memchr(pair, '=', length);
    size_t key_length = equals ? (size_t)(equals - pair) : 0;
    if (!equals || !copy_trimmed(key, sizeof key, pair, key_length) ||
        !copy_trimmed(value, sizeof value, equals + 1, length - key_length - 1))
        return px_fail(error, PRISM_E_OPTION, "expected key=value, found \"%.*s\"",
                       (int)(length < 60 ? length : 60), pair);
    return prism_options_set(options, key, value, error);
}

prism_status prism_options_parse(prism_options *options, const char *text, prism_error *error) {
    if (!options || !text)
        return px_fail(error, PRISM_E_ARGUMENT, "options and text must not be NULL");
    prism_options parsed = *options;
    while (*text) {
        size_t length = strcspn(text, ",");
        prism_status status = parse_pair(&parsed, text, length, error);
        if (status != PRISM_OK)
            return status;
        text += length;
        text += *text == ',';
    }
    *options = parsed;
    return px_succeed(error);
}

static prism_status check_name(int value, const char *const *names, const char *key,
                               prism_error *error) {
    int count = 0;
    while (names[count])
        count++;
    if (value < 0 || value >= count)
        return px_fail(error, PRISM_E_OPTION, "%s %d: expected 0..%d", key, value, count - 1);
    if (!*names[value])
        return px_fail(error, PRISM_E_OPTION, "%s %d is not to be asked for", key, value);
    return PRISM_OK;
}

static prism_status check_range(int value, int low, int high, const char *key, prism_error *error) {
    if (value < low || value > high)
        return px_fail(error, PRISM_E_OPTION, "%s %d: expected %d..%d", key, value, low, high);
    return PRISM_OK;
}

static prism_status check_bound(const prism_options *o, prism_error *error) {
    prism_status status = check_name((int)o->bound, bounds, "bound", error);
    if (status != PRISM_OK)
        return status;
    const bool lossy = o->bound != PRISM_BOUND_NONE;
    if (!lossy && o->bound_value != 0)
        return px_fail(error, PRISM_E_OPTION, "%g: a value without a bound",
                       (double)o->bound_value);
    if (lossy && !is_bound(o->bound, (double)o->bound_value))
        return px_fail(error, PRISM_E_OPTION, "%s=%g: expected a number %s", bounds[o->bound],
                       (double)o->bound_value, range_of(o->bound).text);
    if (o->bound_of != PRISM_BOUND_OF_RMS && o->bound != PRISM_BOUND_REL_RMSE)
        return px_fail(error, PRISM_E_OPTION, "of=%s goes with rel_rmse only",
                       references[o->bound_of]);
    if (o->bound == PRISM_BOUND_DISTANCE && o->coder != PRISM_CODER_JXL)
        return px_fail(error, PRISM_E_OPTION, "distance goes with coder=jxl only");
    return PRISM_OK;
}

static prism_status check_missing(const prism_options *o, prism_error *error) {
    enum { MOST_REST = 1 << 10 };
    if (!o->has_missing && (o->missing != 0 || o->missing_rest != 0))
        return px_fail(error, PRISM_E_OPTION, "%g: a value of missing data that there are none of",
                       o->missing);
    if (!isfinite(o->missing))
        return px_fail(error, PRISM_E_OPTION, "missing=%g: expected a finite number", o->missing);
    if (o->missing_rest && (abs(o->missing_rest) > MOST_REST || !(fabs(o->missing) >= 0x1p53)))
        return px_fail(error, PRISM_E_OPTION, "missing=%g has no rest of %d", o->missing,
                       o->missing_rest);
    if (o->has_missing && o->bound == PRISM_BOUND_DISTANCE)
        return px_fail(error, PRISM_E_OPTION,
                       "missing=%g: a distance keeps no element as it is; bounds do", o->missing);
    return PRISM_OK;
}

static prism_status check_block(const prism_options *o, prism_error *error) {
    if (!is_block(o->block))
        return px_fail(error, PRISM_E_OPTION, "block %d: expected 0, 4, 8, 16, 32 or 64", o->block);
    const bool others = o->transform == PRISM_TRANSFORM_STACK ||
                        o->predictor == PRISM_PREDICTOR_PAETH ||
                        o->predictor == PRISM_PREDICTOR_NONE ||
                        (o->coder != PRISM_CODER_AUTO && o->coder != PRISM_CODER_ANS);
    if (o->block && others)
        return px_fail(error, PRISM_E_OPTION,
                       "block=%d goes with coder ans and transforms none and channels only",
                       o->block);
    return o->order == PRISM_PLANES_STORED && others
               ? px_fail(error, PRISM_E_OPTION,
                         "order=stored goes with coder ans and transforms none and channels only")
               : PRISM_OK;
}

prism_status prism_options_check(const prism_options *options, prism_error *error) {
    if (!options)
        return px_fail(error, PRISM_E_ARGUMENT, "options must not be NULL");
    prism_status status = px_succeed(error);
    for (const named *n = named_options; n < named_options + NAMED_OPTIONS && status == PRISM_OK;
         n++)
        status =
            check_name(choice_of(options, n), n->names, n->meaning ? n->meaning : n->key, error);
    if (status == PRISM_OK)
        status = check_range(options->effort, 1, MAX_EFFORT, "effort", error);
    if (status == PRISM_OK)
        status = check_range(options->axis, PRISM_AXIS_LAST - PRISM_MAX_RANK + 1,
                             PRISM_MAX_RANK - 1, "axis", error);
    if (status == PRISM_OK && options->axis < PRISM_AXIS_AUTO && options->axis > PRISM_AXIS_LAST)
        status = px_fail(error, PRISM_E_OPTION, "axis %d: expected one, or PRISM_AXIS_AUTO",
                         options->axis);
    if (status == PRISM_OK)
        status = check_range(options->threads, 1, MAX_THREADS, "threads", error);
    if (status == PRISM_OK)
        status = px_stages_check(options->transform, options->predictor, options->coder, error);
    if (status == PRISM_OK)
        status = check_block(options, error);
    if (status == PRISM_OK)
        status = check_bound(options, error);
    if (status == PRISM_OK)
        status = check_missing(options, error);
    return status;
}

/* ",max_error=0.1": the shortest number that is read as this bound. Empty where there is none. */
static void format_bound(const prism_options *o, char *text, size_t capacity) {
    char number[32];
    text[0] = '\0';
    if (o->bound == PRISM_BOUND_NONE)
        return;
    const px_locale l = px_locale_enter();
    int digits = 1;
    do
        snprintf(number, sizeof number, "%.*g", digits, (double)o->bound_value);
    while (round_down(strtod(number, NULL)) != o->bound_value && ++digits <= DBL_DECIMAL_DIG);
    px_locale_leave(&l);
    snprintf(text, capacity, ",%s=%s%s%s", bounds[o->bound], number, o->bound_of ? ",of=" : "",
             o->bound_of ? references[o->bound_of] : "");
}

/* An integer that no double is. */
static void format_integer(const prism_options *o, char *text, size_t capacity) {
    const bool negative = o->missing < 0;
    const int rest = negative ? -o->missing_rest : o->missing_rest;
    const uint64_t magnitude = integer_of(fabs(o->missing)) + (uint64_t)(int64_t)rest;
    snprintf(text, capacity, ",missing=%s%" PRIu64, negative ? "-" : "", magnitude);
}

/* ",missing=-9999": the shortest number that is read as this one. */
static void format_missing(const prism_options *o, char *text, size_t capacity) {
    text[0] = '\0';
    if (!o->has_missing)
        return;
    if (o->missing_rest) {
        format_integer(o, text, capacity);
        return;
    }
    const px_locale l = px_locale_enter();
    int digits = 1;
    do
        snprintf(text, capacity, ",missing=%.*g", digits, o->missing);
    while (strtod(text + strlen(",missing="), NULL) != o->missing && ++digits <= DBL_DECIMAL_DIG);
    px_locale_leave(&l);
}

prism_status prism_options_format(const prism_options *options, char *text, size_t capacity,
                                  prism_error *error) {
    prism_status status = prism_options_check(options, error);
    if (status != PRISM_OK)
        return status;
    char axis[16] = "auto", bound[64], block[16] = "", missing[40];
    format_bound(options, bound, sizeof bound);
    format_missing(options, missing, sizeof missing);
    if (options->block)
        snprintf(block, sizeof block, ",block=%d", options->block);
    if (options->axis != PRISM_AXIS_AUTO)
        snprintf(axis, sizeof axis, "%d",
                 options->axis < 0 ? options->axis - PRISM_AXIS_LAST - 1 : options->axis);
    int length =
        snprintf(text, capacity,
                 "transform=%s,predictor=%s,coder=%s,effort=%d,axis=%s,checksum=%s,"
                 "verify=%s,threads=%d%s%s%s%s",
                 transforms[options->transform], predictors[options->predictor],
                 coders[options->coder], options->effort, axis, switches[options->checksum],
                 switches[options->verify], options->threads, block,
                 options->order == PRISM_PLANES_STORED ? ",order=stored" : "", bound, missing);
    if (length < 0 || (size_t)length >= capacity)
        return px_fail(error, PRISM_E_CAPACITY, "options need %d bytes of text", length + 1);
    return PRISM_OK;
}
