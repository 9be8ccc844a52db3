/*
 * The handlers of the API, one file for each resource (api_*.c). `id` is what stood at {id} in the
 * route's pattern, "" when it has none; it lives as long as the call.
 */
#ifndef API_API_H
#define API_API_H

#include "server/api/app.h"

typedef void api_handler(struct app *app, struct request *request, const char *id);

/* api_scenarios.c */
api_handler api_scenario_list, api_scenario_get, api_scenario_source;

/* api_run_new.c */
api_handler api_run_new;

/* api_runs.c */
api_handler api_run_list, api_run_get, api_run_output, api_run_keep, api_run_delete;

/* api_events.c, api_trace.c */
api_handler api_run_events, api_run_trace;

/* page_run.c, page_others.c, page_picture.c */
api_handler page_run, page_scenario, page_experiment;
api_handler picture_run, picture_scenario, picture_experiment;

/* api_experiment_new.c */
enum { REPEAT_MAX = 1000 }; /* runs of a repetition */
api_handler api_experiment_new;

/* api_experiments.c, api_experiment_events.c */
api_handler api_experiment_list, api_experiment_get, api_experiment_keep, api_experiment_delete;
api_handler api_experiment_events;

/* api_workshops.c, api_board.c */
api_handler api_workshop_new, api_workshop_get, api_workshop_put, api_workshop_delete;
api_handler api_board_get, api_board_events;

/* api_service.c */
api_handler api_limits, api_openapi, api_healthz, api_readyz, api_metrics;

/* The body of GET /limits, made once. */
struct response *api_limits_new(const struct config *config, struct buf *body);

#endif
