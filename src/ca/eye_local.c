/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "ca/look.h"
#include "os/clock.h"

/* One errand under way. A look-up's ticket is its place and its number. */
struct glance {
    uint64_t ticket; /* the caller's */
    int64_t began_ms;
    int64_t give_up_at_ms;
    struct hf_look *look; /* NULL: this place is free */
};

struct local {
    struct hf_resolver *resolver;
    struct hf_http *prober;
    struct hf_eye_rules rules;
    struct glance glances[HF_EYE_WINDOW];
};

/* Ask what the look wants to know, as long as the resolver takes it. */
static enum hf_err ask(struct local *eye, size_t place, bool *asked,
                       struct hf_why *why)
{
    const struct glance *glance = &eye->glances[place];
    struct hf_resolver *resolver = eye->resolver;
    struct hf_lookup lookup;
    enum hf_err err = HF_OK;
    size_t number;

    while (err == HF_OK && resolver->under_way < resolver->window &&
           hf_look_question(glance->look, &lookup, &number)) {
        lookup.give_up_at_ms = glance->give_up_at_ms;
        err = hf_resolver_submit(resolver, &lookup,
                                 place * HF_LOOK_QUESTIONS_MAX + number, why);
        if (err == HF_OK)
            hf_look_asked(glance->look);
        *asked = true;
    }
    return err;
}

/* Every answer that is there; what was asked is on its way, then. */
static enum hf_err hear_resolver(struct local *eye, struct hf_why *why)
{
    struct hf_found found = {0};
    uint64_t ticket = 0;
    bool got = true;
    enum hf_err err = HF_OK;

    while (err == HF_OK && got) {
        err = hf_resolver_poll(eye->resolver, 0, &ticket, &found, &got, why);
        if (err == HF_OK && got)
            err = hf_look_answer(
                eye->glances[ticket / HF_LOOK_QUESTIONS_MAX].look,
                ticket % HF_LOOK_QUESTIONS_MAX, &found, why);
    }
    return err;
}

/* The same of the prober, who is asked one thing at a time by each look. */
static enum hf_err hear_prober(struct local *eye, struct hf_why *why)
{
    struct hf_http_reply reply = {0};
    uint64_t place = 0;
    bool got = eye->prober != NULL;
    enum hf_err err = HF_OK;

    while (err == HF_OK && got) {
        err = hf_http_poll(eye->prober, 0, &place, &reply, &got, why);
        if (err == HF_OK && got)
            err = hf_look_probed(eye->glances[place].look, &reply, why);
    }
    return err;
}

static enum hf_err hear(struct local *eye, struct hf_why *why)
{
    enum hf_err err = hear_resolver(eye, why);

    return err == HF_OK ? hear_prober(eye, why) : err;
}

/* The same of the prober. */
static enum hf_err probe(struct local *eye, size_t place, bool *asked,
                         struct hf_why *why)
{
    const struct glance *glance = &eye->glances[place];
    struct hf_http_request request;
    enum hf_err err;

    if (eye->prober == NULL || eye->prober->under_way == eye->prober->window ||
        !hf_look_probe(glance->look, &request))
        return HF_OK;
    request.give_up_at_ms = glance->give_up_at_ms;
    err = hf_http_submit(eye->prober, &request, place, why);
    if (err == HF_OK)
        hf_look_probing(glance->look);
    *asked = true;
    return err;
}

static enum hf_err ask_all(struct local *eye, bool *asked, struct hf_why *why)
{
    enum hf_err err = HF_OK;

    *asked = false;
    for (size_t i = 0; i < HF_EYE_WINDOW && err == HF_OK; i++)
        if (eye->glances[i].look != NULL) {
            err = ask(eye, i, asked, why);
            if (err == HF_OK)
                err = probe(eye, i, asked, why);
        }
    return err;
}

/* Ask and hear, until there is nothing to ask. */
static enum hf_err go_on(struct local *eye, struct hf_why *why)
{
    bool asked;
    enum hf_err err = ask_all(eye, &asked, why);

    if (err == HF_OK)
        err = hear(eye, why);
    while (err == HF_OK) {
        err = ask_all(eye, &asked, why);
        if (err != HF_OK || !asked)
            return err;
        err = hear(eye, why);
    }
    return err;
}

static enum hf_err local_submit(void *state, const struct hf_errand *errand,
                                uint64_t ticket, struct hf_why *why)
{
    struct local *eye = state;
    struct glance *glance = eye->glances;

    if (eye->prober == NULL &&
        (errand->way == HF_WAY_HTTP || errand->way == HF_WAY_TLS_ALPN))
        return hf_fail(why, HF_EINVAL, 0, "there is no prober here");
    while (glance < eye->glances + HF_EYE_WINDOW && glance->look != NULL)
        glance++;
    if (glance == eye->glances + HF_EYE_WINDOW)
        return hf_fail(why, HF_ELIMIT, 0, "too many errands under way");
    glance->ticket = ticket;
    glance->began_ms = hf_clock_ms();
    glance->give_up_at_ms = errand->give_up_at_ms;
    return hf_look_new(errand, &eye->rules, &glance->look, why);
}

static enum hf_err finish(struct glance *glance, struct hf_view *out,
                          struct hf_why *why)
{
    enum hf_err err = hf_look_take(glance->look, out, why);

    if (err != HF_OK)
        return err;
    out->took_ms = hf_clock_ms() - glance->began_ms;
    hf_look_free(glance->look);
    glance->look = NULL;
    return HF_OK;
}

static struct glance *glance_done(struct local *eye)
{
    for (size_t i = 0; i < HF_EYE_WINDOW; i++)
        if (eye->glances[i].look != NULL &&
            hf_look_is_done(eye->glances[i].look))
            return &eye->glances[i];
    return NULL;
}

static enum hf_err local_poll(void *state, uint64_t *ticket,
                              struct hf_view *out, bool *got,
                              struct hf_why *why)
{
    struct local *eye = state;
    struct glance *glance = glance_done(eye);
    enum hf_err err = HF_OK;

    if (glance == NULL) {
        err = go_on(eye, why);
        glance = glance_done(eye);
    }
    if (err != HF_OK || glance == NULL)
        return err;
    err = finish(glance, out, why);
    *ticket = glance->ticket;
    *got = err == HF_OK;
    return err;
}

static size_t local_fds(void *state, int fds[HF_EYE_FDS_MAX])
{
    const struct local *eye = state;

    fds[0] = hf_resolver_fd(eye->resolver);
    if (eye->prober == NULL)
        return 1;
    fds[1] = hf_http_fd(eye->prober);
    return 2;
}

static void local_free(void *state)
{
    struct local *eye = state;

    for (size_t i = 0; i < HF_EYE_WINDOW; i++)
        hf_look_free(eye->glances[i].look);
    hf_free(eye);
}

enum hf_err hf_eye_local(struct hf_resolver *resolver, struct hf_http *prober,
                         const struct hf_eye_rules *rules, struct hf_eye *out,
                         struct hf_why *why)
{
    struct local *eye = hf_alloc(1, sizeof(*eye));
    struct hf_buf label;

    if (eye == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    eye->resolver = resolver;
    eye->prober = prober;
    eye->rules = *rules;
    *out = (struct hf_eye){.submit = local_submit,
                           .poll = local_poll,
                           .fds = local_fds,
                           .free = local_free,
                           .state = eye,
                           .window = HF_EYE_WINDOW};
    hf_buf_init(&label, out->label, sizeof(out->label) - 1);
    hf_buf_puts(&label, resolver->label);
    return HF_OK;
}
