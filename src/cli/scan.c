/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/scan.h"

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cli/scan_emit.h"
#include "cli/scan_ring.h"
#include "os/clock.h"
#include "os/fail.h"
#include "os/file.h"
#include "os/signals.h"

#define LINE_LONGEST  4096
#define SHOWN_MAX     512 /* octets kept of what is not a name */
#define RING_FACTOR   16  /* names that may wait for one slow name, by window */
#define RING_MAX      131072
#define TEXT_SIZE     ((size_t)6 << 20)
#define HELD_MAX      ((size_t)16 << 20) /* no new names while so much waits */
#define WAIT_MS       100
#define MARK_EVERY_NS INT64_C(1000000000)

/* The run. */
struct scan {
    struct hf_scan_plan *plan;
    struct hf_bulk *bulk;
    struct hf_lines lines;
    bool is_stream;
    bool at_end;
    struct hf_ring ring;
    struct hf_emit emit;
    struct hf_reply reply;
    uint64_t *to_validate; /* numbers; as many as the ring has entries */
    uint64_t validate_first;
    uint64_t validate_next;
    size_t asked; /* of the engine */
    uint64_t done;
    uint64_t failed;
    struct hf_scan_mark mark;
    int64_t marked_ns;
    enum hf_err err; /* sticky, from callbacks */
    struct hf_why why;
    const char *trouble; /* the file that `err` is about, or NULL */
};

static void note(struct scan *scan, enum hf_err err, const struct hf_why *why)
{
    if (scan->err != HF_OK || err == HF_OK)
        return;
    scan->err = err;
    scan->why = *why;
}

static void note_file(struct scan *scan, const char *path, enum hf_err err,
                      const struct hf_why *why)
{
    if (scan->err == HF_OK && err != HF_OK)
        scan->trouble = path;
    note(scan, err, why);
}

/* ---- results, in order ---- */

/* Write the oldest entry, which is ready, and drop it. */
static void emit_first(struct scan *scan, const struct hf_reply *reply)
{
    struct hf_pending *entry = hf_ring_at(&scan->ring, scan->ring.first);
    struct hf_why why = {0};
    enum hf_err err = hf_emit_result(
        &scan->emit, entry, hf_ring_text(&scan->ring, entry), reply, &why);

    note(scan, err, &why);
    if (err != HF_OK)
        return;
    scan->done++;
    scan->failed += entry->reason != NULL && !entry->invalid;
    scan->mark.offset = entry->offset;
    hf_ring_drop(&scan->ring);
}

static void emit_ready(struct scan *scan)
{
    while (scan->err == HF_OK && !hf_ring_is_empty(&scan->ring)) {
        struct hf_pending *entry = hf_ring_at(&scan->ring, scan->ring.first);
        const struct hf_reply *reply = NULL;

        if (entry->state != HF_PENDING_READY)
            return;
        if (entry->held != NULL && entry->found == NULL) {
            hf_reply_read((struct hf_span){entry->held, entry->held_len},
                          &scan->reply);
            reply = &scan->reply;
        }
        emit_first(scan, reply);
    }
}

/* ---- answers ---- */

static const char *why_bad(enum hf_reply_kind kind)
{
    switch (kind) {
    case HF_REPLY_TRUNCATED:
        return "the answer is cut short even over TCP";
    case HF_REPLY_RCODE:
        return "the server answers with an error code";
    case HF_REPLY_LAME:
        return "the server refers to others and resolves nothing itself";
    case HF_REPLY_ALIAS:
        return "an alias leads to where this server does not answer";
    case HF_REPLY_DATA:
    case HF_REPLY_NODATA:
    case HF_REPLY_NXDOMAIN:
    case HF_REPLY_MALFORMED:
        break;
    }
    return "the answer is malformed";
}

static const char *why_failed(const struct hf_bulk_answer *answer)
{
    switch (answer->end) {
    case HF_BULK_REPLY:
        return NULL;
    case HF_BULK_TIMEOUT:
        return "no answer in time";
    case HF_BULK_NO_SERVER:
        return "the server cannot be reached";
    case HF_BULK_BAD_REPLY:
        break;
    }
    return why_bad(answer->reply->kind);
}

/* hf_bulk_fn: a question of ours ended. */
static void on_answer(void *to, const struct hf_bulk_answer *answer)
{
    struct scan *scan = to;
    struct hf_pending *entry = hf_ring_at(&scan->ring, answer->ticket);
    bool has_data =
        answer->end == HF_BULK_REPLY && answer->reply->kind == HF_REPLY_DATA;
    struct hf_why why = {0};

    scan->asked--;
    entry->answered = true;
    entry->server = (uint16_t)answer->server;
    entry->reason = why_failed(answer);
    entry->rcode = answer->reply == NULL ? -1 : (int16_t)answer->reply->rcode;
    entry->state = HF_PENDING_READY;
    if (scan->plan->resolver != NULL && answer->end == HF_BULK_REPLY &&
        (has_data || scan->plan->prove_absence)) {
        entry->state = HF_PENDING_VALIDATE;
        scan->to_validate[scan->validate_next++ & scan->ring.entry_mask] =
            answer->ticket;
        return;
    }
    if (answer->ticket == scan->ring.first) {
        emit_first(scan, has_data ? answer->reply : NULL);
        emit_ready(scan);
        return;
    }
    if (has_data)
        note(scan,
             hf_ring_hold(&scan->ring, entry, answer->reply->message.octets,
                          &why),
             &why);
}

/* ---- validating ---- */

/* Presence is validated before it is believed. */
static void submit_validations(struct scan *scan)
{
    struct hf_resolver *resolver = scan->plan->resolver;
    struct hf_why why = {0};
    enum hf_err err;

    while (scan->validate_first < scan->validate_next &&
           resolver->under_way < resolver->window && scan->err == HF_OK) {
        uint64_t number =
            scan->to_validate[scan->validate_first & scan->ring.entry_mask];
        struct hf_pending *entry = hf_ring_at(&scan->ring, number);
        struct hf_lookup lookup = {.owner = hf_ring_text(&scan->ring, entry),
                                   .type = HF_RR_TXT};

        err = hf_resolver_submit(resolver, &lookup, number, &why);
        if (err == HF_ELIMIT)
            return;
        note(scan, err, &why);
        entry->state = HF_PENDING_VALIDATING;
        scan->validate_first++;
    }
}

static void take_validations(struct scan *scan)
{
    struct hf_resolver *resolver = scan->plan->resolver;
    struct hf_pending *entry;
    struct hf_why why = {0};
    bool got = true;

    while (got && scan->err == HF_OK && resolver->under_way > 0) {
        struct hf_found found = {0};
        uint64_t number = 0;
        enum hf_err err =
            hf_resolver_poll(resolver, 0, &number, &found, &got, &why);

        if (err == HF_ECANCELED)
            return;
        note(scan, err, &why);
        if (err != HF_OK || !got)
            return;
        entry = hf_ring_at(&scan->ring, number);
        entry->found = hf_alloc(1, sizeof(found));
        if (entry->found == NULL) {
            hf_found_clear(&found);
            note(scan, hf_fail(&why, HF_ENOMEM, 0, "out of memory"), &why);
            return;
        }
        *entry->found = found;
        if (found.state == HF_FOUND_FAILURE)
            entry->reason = "validation failed";
        entry->state = HF_PENDING_READY;
    }
}

static void validate(struct scan *scan)
{
    if (scan->plan->resolver == NULL)
        return;
    submit_validations(scan);
    take_validations(scan);
    emit_ready(scan);
}

/* ---- names ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Without blanks around it and without a comment. */
static struct hf_span trim(struct hf_span line)
{
    line.len = hf_span_find(line, '#');
    while (line.len > 0 && is_blank(line.ptr[0]))
        (void)hf_span_cut(&line, 1);
    while (line.len > 0 && is_blank(line.ptr[line.len - 1]))
        line.len--;
    return line;
}

static bool is_ascii(struct hf_span text)
{
    unsigned char all = 0;

    for (size_t i = 0; i < text.len; i++)
        all |= (unsigned char)text.ptr[i];
    return all < 0x80;
}

static void add_invalid(struct scan *scan, struct hf_span text,
                        const char *reason)
{
    struct hf_pending *entry;

    if (text.len > SHOWN_MAX)
        text.len = SHOWN_MAX;
    entry = hf_ring_add(&scan->ring, text, scan->lines.offset);
    entry->invalid = true;
    entry->reason = reason;
    entry->state = HF_PENDING_READY;
    if (scan->ring.next - 1 == scan->ring.first)
        emit_ready(scan);
}

static void add_name(struct scan *scan, struct hf_span given)
{
    struct hf_why why = {.text = "not a domain name"};
    struct hf_span base = given;
    struct hf_wire_name wire;
    struct hf_name owner;
    struct hf_name name;
    enum hf_err err;

    (void)hf_name_take_star(&base);
    err = hf_name_parse(base, &name, &why);
    if (err != HF_OK && !is_ascii(base))
        err = hf_idna_canonical(base, &name, &why);
    if (err == HF_OK)
        err = hf_owner_of_name(hf_name_span(&name), &owner, &why);
    if (err == HF_ENOMEM)
        note(scan, err, &why);
    if (err != HF_OK) {
        add_invalid(scan, given, why.text);
        return;
    }
    hf_wire_name_from(hf_name_span(&owner), &wire);
    (void)hf_ring_add(&scan->ring, hf_name_span(&owner), scan->lines.offset);
    hf_bulk_add(scan->bulk, &wire, scan->ring.next - 1);
    scan->asked++;
}

/* A line that is longer than any name: its number stands for it. */
static void add_long_line(struct scan *scan)
{
    char room[32];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    hf_buf_puts(&text, "line ");
    hf_buf_put_u64(&text, scan->lines.number);
    add_invalid(scan, hf_buf_span(&text),
                "the line is longer than 4096 octets");
}

/* Would reading a line from a pipe or a terminal hold up what is under way? */
static bool input_would_block(const struct scan *scan)
{
    const struct hf_lines *lines = &scan->lines;
    struct hf_span unread = {lines->room + lines->from,
                             lines->to - lines->from};
    struct pollfd look = {.fd = lines->fd, .events = POLLIN};

    if (!scan->is_stream || hf_ring_is_empty(&scan->ring) ||
        hf_span_find(unread, '\n') < unread.len)
        return false;
    return poll(&look, 1, 0) == 0;
}

static bool may_add(const struct scan *scan)
{
    return scan->err == HF_OK && !scan->at_end &&
           hf_bulk_room(scan->bulk) > 0 && scan->ring.held < HELD_MAX &&
           hf_ring_has_room(&scan->ring, SHOWN_MAX) && !input_would_block(scan);
}

static void feed(struct scan *scan)
{
    struct hf_why why = {0};
    struct hf_span line;
    bool more = true;

    while (may_add(scan)) {
        enum hf_err err = hf_lines_next(&scan->lines, &line, &more, &why);

        if (err == HF_ELIMIT) {
            add_long_line(scan);
            continue;
        }
        if (err == HF_ECANCELED)
            return;
        note_file(scan, scan->plan->input, err, &why);
        scan->at_end = err != HF_OK || !more;
        if (scan->at_end)
            return;
        line = trim(line);
        if (line.len > 0)
            add_name(scan, line);
    }
}

/* Step over the lines that an earlier run has done. */
static enum hf_err skip_done(struct scan *scan, struct hf_why *why)
{
    struct hf_span line;
    bool more = true;

    while (scan->lines.offset < scan->mark.offset && more) {
        enum hf_err err = hf_lines_next(&scan->lines, &line, &more, why);

        /* Nothing was scanned yet: the mark stays, and so says the loop. */
        if (err == HF_ECANCELED)
            return HF_OK;
        if (err != HF_OK && err != HF_ELIMIT)
            return err;
    }
    if (scan->lines.offset != scan->mark.offset)
        return hf_fail(why, HF_EINVAL, 0,
                       "the input is not the one that the journal is about");
    return HF_OK;
}

/* ---- the mark ---- */

static void save_mark(struct scan *scan)
{
    struct hf_scan_plan *plan = scan->plan;
    struct hf_out *out = plan->report->out;
    struct hf_why why = {0};
    enum hf_err err = hf_out_flush(out, &why);

    scan->marked_ns = hf_clock_ns();
    /* First the results, then the word that they are there. */
    if (err == HF_OK && plan->journal != NULL &&
        fdatasync(plan->output_fd) != 0)
        err = hf_fail_sys(&why, errno, "cannot write the output");
    note_file(scan, plan->output, err, &why);
    if (err != HF_OK || plan->journal == NULL)
        return;
    scan->mark.output = plan->mark.output + out->written;
    err = hf_scan_journal_write(plan->journal, &scan->mark, plan->report->tally,
                                &why);
    note_file(scan, plan->journal, err, &why);
}

static void save_mark_in_time(struct scan *scan)
{
    if (scan->plan->journal == NULL ||
        hf_clock_ns() - scan->marked_ns < MARK_EVERY_NS)
        return;
    save_mark(scan);
}

/* ---- the run ---- */

static void show_progress(struct scan *scan)
{
    const struct hf_scan_mark *mark = &scan->mark;
    struct hf_progress_state state = {.done = scan->done,
                                      .failed = scan->failed,
                                      .part = mark->offset,
                                      .whole = mark->input_size};

    if (!scan->plan->progress->on)
        return;
    if (mark->input_size > scan->plan->mark.offset) {
        state.part -= scan->plan->mark.offset;
        state.whole -= scan->plan->mark.offset;
    }
    hf_progress_show(scan->plan->progress, &state, hf_clock_ns());
}

static bool is_over(const struct scan *scan)
{
    return scan->err != HF_OK || hf_signals_stop_wanted() ||
           scan->plan->report->out->sys != 0 ||
           (scan->at_end && hf_ring_is_empty(&scan->ring));
}

static void loop(struct scan *scan)
{
    while (!is_over(scan)) {
        struct hf_why why = {0};

        feed(scan);
        if (scan->asked > 0 || !hf_ring_is_empty(&scan->ring))
            note(scan, hf_bulk_step(scan->bulk, WAIT_MS, &why), &why);
        validate(scan);
        show_progress(scan);
        save_mark_in_time(scan);
    }
}

/* After a signal, results that wait for a slower name are written as well when
 * nobody will come back for them. */
static void emit_rest(struct scan *scan)
{
    while (scan->err == HF_OK && scan->plan->journal == NULL &&
           !hf_ring_is_empty(&scan->ring)) {
        emit_ready(scan);
        if (!hf_ring_is_empty(&scan->ring))
            hf_ring_drop(&scan->ring);
    }
}

static size_t ring_entries(size_t window)
{
    size_t count = 1024;

    while (count < window * RING_FACTOR && count < RING_MAX)
        count *= 2;
    return count;
}

static enum hf_err open_input(struct scan *scan, struct hf_why *why)
{
    struct hf_scan_mark *mark = &scan->mark;
    enum hf_err err =
        hf_lines_open(&scan->lines, scan->plan->input, LINE_LONGEST, why);
    struct stat stat;

    if (err != HF_OK)
        return err;
    scan->is_stream =
        fstat(scan->lines.fd, &stat) != 0 || !S_ISREG(stat.st_mode);
    if (mark->offset > 0 && !scan->is_stream &&
        mark->input_size != (uint64_t)stat.st_size)
        return hf_fail(why, HF_EINVAL, 0,
                       "the input is not the one that the journal is about");
    mark->input_size = scan->is_stream ? 0 : (uint64_t)stat.st_size;
    return skip_done(scan, why);
}

static enum hf_err prepare(struct scan *scan, struct hf_why *why)
{
    struct hf_scan_plan *plan = scan->plan;
    size_t entries = ring_entries(plan->bulk.engine.window);
    enum hf_err err = open_input(scan, why);

    if (err != HF_OK) {
        scan->trouble = plan->input;
        return err;
    }
    scan->emit.report = plan->report;
    scan->emit.eyes = &plan->eyes;
    scan->emit.servers = plan->bulk.servers;
    err = hf_emit_init(&scan->emit, why);
    if (err != HF_OK)
        return err;
    err = hf_ring_init(&scan->ring, entries, TEXT_SIZE, why);
    if (err != HF_OK)
        return err;
    plan->bulk.engine.done = on_answer;
    plan->bulk.engine.to = scan;
    err = hf_bulk_new(&plan->bulk, &scan->bulk, why);
    if (err != HF_OK || plan->resolver == NULL)
        return err;
    scan->to_validate = hf_alloc(entries, sizeof(uint64_t));
    if (scan->to_validate == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    return hf_bulk_watch(scan->bulk, hf_resolver_fd(plan->resolver), why);
}

enum hf_err hf_scan_run(struct hf_scan_plan *plan, struct hf_scan_end *end,
                        struct hf_why *why)
{
    struct scan *scan = hf_alloc(1, sizeof(*scan));
    enum hf_err err;

    if (scan == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    scan->plan = plan;
    scan->mark = plan->mark;
    scan->marked_ns = hf_clock_ns();
    err = prepare(scan, why);
    if (err != HF_OK)
        goto out;

    loop(scan);
    emit_rest(scan);
    end->interrupted = hf_signals_stop_wanted();
    end->stats = hf_bulk_stats(scan->bulk);
    if (scan->err == HF_OK)
        save_mark(scan);
    err = scan->err;
    if (err != HF_OK && why != NULL)
        *why = scan->why;

out:
    end->trouble = scan->trouble;
    hf_bulk_free(scan->bulk);
    hf_lines_close(&scan->lines);
    hf_ring_clear(&scan->ring);
    hf_emit_clear(&scan->emit);
    hf_free(scan->to_validate);
    hf_free(scan);
    return err;
}
