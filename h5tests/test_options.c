/* Options as text and as filter parameters. */
#include <math.h>
#include <string.h>

#include "support.h"

static void defaults_are_automatic(void **state) {
    (void)state;
    char text[160];
    prism_options options = prism_options_default();
    assert_int_equal(prism_options_format(&options, text, sizeof text, NULL), PRISM_OK);
    assert_string_equal(text, "transform=auto,predictor=auto,coder=auto,effort=5,axis=auto,"
                              "checksum=on,verify=off,threads=1");
}

static void text_round_trips(void **state) {
    (void)state;
    const char *text = "transform=channels,predictor=paeth,coder=deflate,effort=9,axis=2,"
                       "checksum=off,verify=on,threads=4";
    char again[160];
    prism_options options = options_of(text);
    assert_int_equal(prism_options_format(&options, again, sizeof again, NULL), PRISM_OK);
    assert_string_equal(again, text);
}

static void spaces_and_empty_text_are_fine(void **state) {
    (void)state;
    assert_int_equal(options_of("").effort, PRISM_EFFORT_DEFAULT);
    assert_int_equal(options_of(" coder = jxl , effort = 3 ").effort, 3);
}

static void bad_text_names_the_problem(void **state) {
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"coder=zip", "deflate"},
        {"colour=red", "unknown option colour"},
        {"effort=0", "1..9"},
        {"effort=10", "1..9"},
        {"effort=", "effort"},
        {"effort=5x", "effort=5x"},
        {"effort=+5", "effort"},
        {"axis=-33", "axis"},
        {"axis=-0", "axis"},
        {"axis=--1", "axis"},
        {"coder", "key=value"},
        {",", "key=value"},
        {"checksum=yes", "off, on"},
        {"block=5", "block"},
        {"block=128", "block"},
        {"order=first", "auto, stored"},
        {"threads=0", "threads"},
        {"effort=99999999999999999999", "effort"},
        {"max_error=-1", "above 0"},
        {"max_error=nan", "above 0"},
        {"max_error=inf", "above 0"},
        {"max_error=0", "off"},
        {"max_error=1e39", "float32"},
        {"max_error=1e-46", "float32"},
        {"max_error=", "max_error="},
        {"max_error=2x", "max_error=2x"},
        {"rel_rmse=1", "between 0 and 1"},
        {"rel_max_error=2", "between 0 and 1"},
        {"distance=15.5", "at most 15"},
        {"max_error=1,rel_rmse=0.1", "another bound already, max_error"},
        {"of=mean", "rms, deviation"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prism_error error;
        prism_options options = prism_options_default();
        assert_int_equal(prism_options_parse(&options, cases[i].text, &error), PRISM_E_OPTION);
        if (!strstr(error.message, cases[i].part))
            fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].text, error.message, cases[i].part);
        assert_int_equal(options.effort, PRISM_EFFORT_DEFAULT);
    }
}

static void long_text_is_no_overflow(void **state) {
    (void)state;
    char text[4000];
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    prism_error error;
    prism_options options = prism_options_default();
    assert_int_equal(prism_options_parse(&options, text, &error), PRISM_E_OPTION);
    text[100] = '=';
    assert_int_equal(prism_options_parse(&options, text, &error), PRISM_E_OPTION);
}

static void words_round_trip(void **state) {
    (void)state;
    uint32_t words[PRISM_OPTION_WORDS];
    prism_options options = options_of("transform=none,coder=jxl,effort=7,axis=-2,checksum=off");
    prism_options again;
    assert_int_equal(prism_options_pack(&options, words, NULL), PRISM_OK);
    assert_int_equal(prism_options_unpack(&again, words, PRISM_OPTION_WORDS, NULL), PRISM_OK);
    char a[160], b[160];
    prism_options_format(&options, a, sizeof a, NULL);
    prism_options_format(&again, b, sizeof b, NULL);
    assert_string_equal(a, b);
}

/* As the words have it: never above what was asked for. */
static void bounds_are_rounded_down(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double number;
    } cases[] = {{"max_error=0.1", 0.1},           {"max_error=2", 2},
                 {"max_error=16777217", 16777217}, {"rel_max_error=0.01", 0.01},
                 {"rel_rmse=0.028", 0.028},        {"rel_rmse=0.99999999", 0.99999999},
                 {"max_error=1e-37", 1e-37},       {"max_error=3e38", 3e38}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const prism_options options = options_of(cases[i].text);
        const float above = nextafterf(options.bound_value, HUGE_VALF);
        assert_true((double)options.bound_value <= cases[i].number);
        assert_true((double)above > cases[i].number);
    }
}

/* Formatting gives the shortest number that means the same bound. */
static void bounds_round_trip(void **state) {
    (void)state;
    static const char *const texts[] = {"max_error=0.1",         "max_error=2",
                                        "max_error=1e+30",       "rel_max_error=0.001",
                                        "rel_rmse=0.028",        "rel_rmse=0.5,of=deviation",
                                        "coder=jxl,distance=1.5"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        uint32_t words[PRISM_OPTION_WORDS];
        char text[160], again[160];
        const prism_options options = options_of(texts[i]);
        prism_options unpacked;
        const char *bound = strstr(texts[i], "coder") ? "distance=1.5" : texts[i];
        assert_int_equal(prism_options_format(&options, text, sizeof text, NULL), PRISM_OK);
        assert_non_null(strstr(text, bound));
        assert_int_equal(prism_options_pack(&options, words, NULL), PRISM_OK);
        assert_int_equal(prism_options_unpack(&unpacked, words, PRISM_OPTION_WORDS, NULL),
                         PRISM_OK);
        prism_options_format(&unpacked, again, sizeof again, NULL);
        assert_string_equal(again, text);
    }
}

static void a_bound_can_be_taken_back(void **state) {
    (void)state;
    const prism_options options = options_of("max_error=2,max_error=off,rel_rmse=0.1");
    assert_int_equal(options.bound, PRISM_BOUND_REL_RMSE);
    assert_int_equal(options_of("max_error=2,rel_rmse=off").bound, PRISM_BOUND_MAX_ERROR);
    assert_true(options_of("max_error=2,max_error=3").bound_value == 3);
}

/* Words 7 and 8. */
static void bad_bounds_are_refused(void **state) {
    (void)state;
    static const struct {
        uint32_t coder, bound, value;
        const char *part;
    } cases[] = {
        {0, 5, 0x3f800000, "bound"},              /* an unknown kind */
        {0, 1 + 2 * 256, 0x3f800000, "relative"}, /* an unknown reference */
        {0, 1 + 256, 0x3f800000, "rel_rmse"},     /* of=deviation of an absolute error */
        {0, 256, 0, "rel_rmse"},                  /* of nothing */
        {0, 65536 * 256 + 1, 0x3f800000, "relative"},
        {0, 0, 0x3f800000, "without a bound"},
        {0, 1, 0, "max_error"},
        {0, 1, 0xbf800000, "max_error"}, /* -1 */
        {0, 1, 0x7f800000, "max_error"}, /* infinity */
        {0, 1, 0x7fc00000, "max_error"}, /* NaN */
        {0, 1, 1, "max_error"},          /* a denormal */
        {0, 1, 2, "max_error"},          /* an integer where the bits of a float should be */
        {0, 3, 0x3f800000, "rel_rmse"},  /* 1 */
        {2, 4, 0x41800000, "distance"},  /* 16 */
        {3, 4, 0x3f800000, "coder=jxl"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prism_error error;
        prism_options options = prism_options_default();
        const uint32_t words[PRISM_OPTION_WORDS] = {
            [0] = 1, [3] = cases[i].coder, [7] = cases[i].bound, [8] = cases[i].value};
        assert_int_equal(prism_options_unpack(&options, words, PRISM_OPTION_WORDS, &error),
                         PRISM_E_OPTION);
        if (!strstr(error.message, cases[i].part))
            fail_msg("%zu: \"%s\" does not say \"%s\"", i, error.message, cases[i].part);
    }
}

static void bounds_have_names(void **state) {
    (void)state;
    assert_string_equal(prism_bound_name(PRISM_BOUND_NONE), "none");
    assert_string_equal(prism_bound_name(PRISM_BOUND_REL_RMSE), "rel_rmse");
    assert_string_equal(prism_bound_name(PRISM_BOUND_DISTANCE), "distance");
    assert_null(prism_bound_name((prism_bound)5));
    assert_string_equal(prism_bound_of_name(PRISM_BOUND_OF_DEVIATION), "deviation");
    assert_null(prism_bound_of_name((prism_bound_of)2));
}

static void every_prefix_of_words_is_accepted(void **state) {
    (void)state;
    uint32_t words[PRISM_OPTION_WORDS];
    prism_options options = options_of("transform=channels,predictor=paeth,coder=deflate");
    prism_options again;
    prism_options_pack(&options, words, NULL);
    for (size_t n = 0; n <= PRISM_OPTION_WORDS; n++) {
        assert_int_equal(prism_options_unpack(&again, words, n, NULL), PRISM_OK);
        assert_int_equal(again.coder, n > 3 ? PRISM_CODER_DEFLATE : PRISM_CODER_AUTO);
    }
    assert_int_equal(prism_options_unpack(&again, NULL, 0, NULL), PRISM_OK);
}

static void bad_words_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < PRISM_OPTION_WORDS; i++)
        for (uint32_t value = 40; value; value = value < 2000 ? value * 6 : 0) {
            if (i == 9 && value <= 1024)
                continue; /* a number of threads */
            uint32_t words[PRISM_OPTION_WORDS] = {1};
            words[i] = value == 1440 ? UINT32_MAX - 40 : value; /* above it, axes from the end */
            prism_error error;
            prism_options options = prism_options_default();
            assert_int_equal(prism_options_unpack(&options, words, PRISM_OPTION_WORDS, &error),
                             PRISM_E_OPTION);
            assert_true(error.message[0] != '\0');
        }
}

static void stages_that_do_not_go_together_are_refused(void **state) {
    (void)state;
    static const char *const texts[] = {"predictor=lsq,coder=jxl", "predictor=paeth,coder=ans",
                                        "predictor=paeth,coder=zstd", "transform=stack,coder=zstd"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const prism_options options = options_of(texts[i]);
        assert_int_equal(prism_options_check(&options, NULL), PRISM_E_OPTION);
    }
}

/* prism_describe_build: all of it, or its beginning. */
static void the_build_is_described(void **state) {
    (void)state;
    char all[400], begin[9];
    prism_describe_build(all, sizeof all);
    prism_describe_build(begin, sizeof begin);
    assert_non_null(strstr(all, "\nzlib=1."));
    assert_non_null(strstr(all, "\nkernels="));
    assert_string_equal(begin, "compiler");
}

static void arrays_as_words(void **state) {
    (void)state;
    uint32_t words[2 + PRISM_MAX_RANK];
    size_t count;
    prism_array array = make_array(PRISM_UINT16, 3, 5, 1, 999), again;
    array.order = PRISM_BIG_ENDIAN;
    assert_int_equal(prism_array_pack(&array, words, &count, NULL), PRISM_OK);
    assert_int_equal(count, 5);
    assert_int_equal(prism_array_unpack(&again, words, count, NULL), PRISM_OK);
    assert_memory_equal(&again, &array, sizeof array);
    for (size_t n = 0; n < count; n++)
        assert_int_not_equal(prism_array_unpack(&again, words, n, NULL), PRISM_OK);
}

static void impossible_arrays_are_refused(void **state) {
    (void)state;
    size_t size;
    prism_error error;
    prism_array array = make_array((prism_type)99, 1, 1);
    assert_int_equal(prism_array_size(&array, &size, &error), PRISM_E_TYPE);
    array = make_array(PRISM_INT8, 2, 3, 0);
    assert_int_equal(prism_array_size(&array, &size, &error), PRISM_E_SHAPE);
    array = (prism_array){.type = PRISM_INT8, .rank = 0};
    assert_int_equal(prism_array_size(&array, &size, &error), PRISM_E_SHAPE);
    array.rank = PRISM_MAX_RANK + 1;
    assert_int_equal(prism_array_size(&array, &size, &error), PRISM_E_SHAPE);
    array = make_array(PRISM_INT16, 2, 1 << 20, 1 << 20);
    assert_int_equal(prism_array_size(&array, &size, &error), PRISM_E_SHAPE);
    assert_non_null(strstr(error.message, "4 GiB"));
}

static void statuses_have_names(void **state) {
    (void)state;
    for (int s = PRISM_OK; s <= PRISM_E_INTERNAL; s++)
        assert_string_not_equal(prism_status_name((prism_status)s), "unknown status");
    assert_string_equal(prism_status_name((prism_status)1000), "unknown status");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_automatic),
        cmocka_unit_test(text_round_trips),
        cmocka_unit_test(spaces_and_empty_text_are_fine),
        cmocka_unit_test(bad_text_names_the_problem),
        cmocka_unit_test(long_text_is_no_overflow),
        cmocka_unit_test(words_round_trip),
        cmocka_unit_test(bounds_are_rounded_down),
        cmocka_unit_test(bounds_round_trip),
        cmocka_unit_test(a_bound_can_be_taken_back),
        cmocka_unit_test(bad_bounds_are_refused),
        cmocka_unit_test(bounds_have_names),
        cmocka_unit_test(every_prefix_of_words_is_accepted),
        cmocka_unit_test(bad_words_are_refused),
        cmocka_unit_test(stages_that_do_not_go_together_are_refused),
        cmocka_unit_test(the_build_is_described),
        cmocka_unit_test(arrays_as_words),
        cmocka_unit_test(impossible_arrays_are_refused),
        cmocka_unit_test(statuses_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
