#include "sandbox/catalogue.h"

#include "sandbox/base/jsonw.h"

static void put_text(struct jsonw *w, const char *name, struct text text)
{
    jsonw_name(w, name);
    jsonw_open(w, '{');
    jsonw_put_string(w, "en", text.en);
    jsonw_put_string(w, "zh", text.zh);
    jsonw_close(w, '}');
}

static void put_choices(struct jsonw *w, const struct choice *choices)
{
    jsonw_name(w, "choices");
    jsonw_open(w, '[');
    for (; choices->value; choices++) {
        jsonw_open(w, '{');
        jsonw_put_string(w, "value", choices->value);
        put_text(w, "title", choices->title);
        jsonw_close(w, '}');
    }
    jsonw_close(w, ']');
}

static void put_bounds(struct jsonw *w, const struct param *param)
{
    jsonw_name(w, "minimum");
    jsonw_number(w, param->minimum);
    jsonw_name(w, "maximum");
    jsonw_number(w, param->maximum);
}

static void put_default(struct jsonw *w, const struct param *param)
{
    struct param_value value;
    jsonw_name(w, "default");
    if (param_parse(param, param->fallback, &value, NULL) == 0)
        param_write(param, &value, w);
    else
        jsonw_null(w);
}

static void put_param(struct jsonw *w, const struct scenario *scenario, const struct param *param)
{
    jsonw_open(w, '{');
    jsonw_put_string(w, "name", param->name);
    put_text(w, "title", param->title);
    put_text(w, "help", param->help);
    jsonw_put_string(w, "type", param_type_text(param->type));
    if (param->type == PARAM_CHOICE)
        put_choices(w, param->choices);
    else if (param->type != PARAM_BOOLEAN)
        put_bounds(w, param);
    put_default(w, param);
    jsonw_put_bool(w, "common", !param_find(scenario->params, param->name));
    jsonw_close(w, '}');
}

static void put_params(struct jsonw *w, const struct scenario *scenario)
{
    const struct param *params[PARAMS_MAX];
    size_t n = scenario_params(scenario, params);
    jsonw_name(w, "params");
    jsonw_open(w, '[');
    for (size_t i = 0; i < n; i++)
        put_param(w, scenario, params[i]);
    jsonw_close(w, ']');
}

static void put_outcomes(struct jsonw *w, const struct outcome_rule *rule)
{
    jsonw_name(w, "outcomes");
    jsonw_open(w, '[');
    for (; rule->class != CLASS_NONE; rule++) {
        jsonw_open(w, '{');
        jsonw_put_string(w, "name", rule->name);
        jsonw_put_string(w, "pattern", rule->pattern);
        jsonw_put_string(w, "ended", ended_text(rule->ended ? rule->ended : ENDED_COMPLETED));
        jsonw_put_string(w, "when", rule->when);
        jsonw_put_string(w, "class", outcome_class_text(rule->class));
        put_text(w, "meaning", rule->meaning);
        jsonw_close(w, '}');
    }
    jsonw_close(w, ']');
}

static void put_checks(struct jsonw *w, const struct check_title *check)
{
    jsonw_name(w, "checks");
    jsonw_open(w, '[');
    for (; check->name; check++) {
        jsonw_open(w, '{');
        jsonw_put_string(w, "name", check->name);
        put_text(w, "title", check->title);
        jsonw_close(w, '}');
    }
    jsonw_close(w, ']');
}

static void put_columns(struct jsonw *w, const struct column *column)
{
    jsonw_name(w, "columns");
    jsonw_open(w, '[');
    for (; column && column->name; column++) {
        jsonw_open(w, '{');
        jsonw_put_string(w, "name", column->name);
        put_text(w, "title", column->title);
        jsonw_put_string(w, "unit", column->unit);
        jsonw_put_bool(w, "repeats", column->repeats);
        jsonw_close(w, '}');
    }
    jsonw_close(w, ']');
}

static void put_concepts(struct jsonw *w, const int *concept)
{
    jsonw_name(w, "concepts");
    jsonw_open(w, '[');
    for (; *concept; concept ++)
        jsonw_integer(w, *concept);
    jsonw_close(w, ']');
}

static void put_scenario(struct jsonw *w, const struct scenario_entry *entry)
{
    const struct scenario *s = entry->scenario;
    jsonw_open(w, '{');
    jsonw_put_string(w, "id", s->id);
    jsonw_put_string(w, "family", family_text(s->family));
    jsonw_put_integer(w, "number", s->number);
    put_text(w, "title", s->title);
    put_text(w, "summary", s->summary);
    put_text(w, "lesson", s->lesson);
    put_concepts(w, s->concepts);
    jsonw_put_string(w, "chart", chart_text(s->chart));
    put_params(w, s);
    jsonw_name(w, "schedules");
    jsonw_open(w, '[');
    for (enum schedule_mode mode = SCHEDULE_FREE; mode < SCHEDULE_EXPLORE; mode++)
        if (scenario_has_mode(s, mode))
            jsonw_string(w, schedule_mode_text(mode));
    jsonw_close(w, ']');
    jsonw_put_bool(w, "explorable", scenario_has_mode(s, SCHEDULE_EXPLORE));
    if (s->free_only.en)
        put_text(w, "free_only", s->free_only);
    jsonw_put_string(w, "python", s->python);
    put_outcomes(w, s->outcomes);
    put_checks(w, s->checks);
    put_columns(w, s->columns);
    jsonw_name(w, "source");
    jsonw_string_n(w, entry->source, (size_t)(entry->source_end - entry->source));
    jsonw_close(w, '}');
}

int catalogue_describe(const struct scenario_entry *entry, struct buf *out)
{
    struct jsonw w = JSONW(out);
    put_scenario(&w, entry);
    return buf_error(out);
}

int catalogue_write(struct buf *out)
{
    struct jsonw w = JSONW(out);
    jsonw_open(&w, '[');
    for (size_t i = 0; i < scenario_count(); i++)
        put_scenario(&w, scenario_at(i));
    jsonw_close(&w, ']');
    return buf_error(out);
}
