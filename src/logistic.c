#include "logistic.h"

const px_logistic px_logistic_tables = {
#include "logistic_tables.inc"
};
