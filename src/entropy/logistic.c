#include "entropy/logistic.h"

const px_logistic px_logistic_tables = {
#include "entropy/logistic_tables.inc"
};
