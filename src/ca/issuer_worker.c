/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/issuer_worker.h"

#include <limits.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/hex.h"
#include "ca/evidence.h"
#include "ca/issuance.h"
#include "ca/issued.h"
#include "ca/kept_list.h"
#include "crypto/jwk.h"
#include "crypto/openssl.h"
#include "keys/hardware.h"
#include "os/clock.h"
#include "os/sandbox.h"

#define SPKI_MAX  1024
#define NOTE_MAX  8192  /* octets of a key file */
#define QUIET_MS  1000  /* nothing came for so long */
#define REST_MS   10000 /* the head is never older */
#define FIRST_MAX (4 * (size_t)UINT16_MAX)

struct worker {
    int fd;
    struct hf_buf in;
    struct hf_buf out;
    char folder[PATH_MAX]; /* of the log */
    struct hf_digest *digest;
    struct hf_signer signer;
    struct hf_evidence *log;
    struct hf_issuance issuance;
    bool founds;
    struct hf_buf body; /* of the entry that is being written */
    struct hf_issuer_name names[HF_ISSUER_NAMES_MAX];
    struct hf_issuance_draft drafts[HF_ISSUED_BATCH_MAX];
    size_t draft_count;
    int64_t rested_at_ms;
};

static bool send_out(struct worker *w)
{
    bool sent = !w->out.full && hf_role_send(w->fd, hf_buf_span(&w->out));

    hf_buf_reset(&w->out);
    return sent;
}

/* ---- the beginning ---- */

static enum hf_err use_file(const struct worker *w,
                            const struct hf_issuer_want *want,
                            struct hf_token_key *out, struct hf_buf *note,
                            struct hf_why *why)
{
    const struct hf_issuer_config *config = &want->config;
    const char *const holes[] = {w->folder};
    struct hf_private_key *key = NULL;
    enum hf_err err = HF_OK;

    if (!config->no_wall)
        err = hf_sandbox_enter_with(0, holes, want->founds ? 0 : 1, why);
    if (err == HF_OK)
        err = want->make ? hf_private_key_generate(want->kind, &key, why)
                         : hf_private_key_read(config->key, config->passphrase,
                                               &key, why);
    if (err == HF_OK && want->make)
        err = hf_private_key_write(key, config->passphrase, note, why);
    if (err == HF_OK)
        err = hf_private_key_signer(key, &out->signer, why);
    if (err == HF_OK)
        out->kind = hf_private_key_kind(key);
    hf_private_key_free(key);
    return err;
}

/* Then the wall stands. */
static enum hf_err get_key(const struct worker *w,
                           const struct hf_issuer_want *want,
                           struct hf_token_key *out, struct hf_buf *note,
                           struct hf_why *why)
{
    const struct hf_issuer_config *config = &want->config;
    const struct hf_hardware_plan plan = {.where = config->key,
                                          .make = want->make,
                                          .kind = want->kind,
                                          .pin = config->passphrase,
                                          .reach = config->reach,
                                          .path =
                                              want->founds ? NULL : w->folder,
                                          .no_wall = config->no_wall};

    if (hf_key_home_of(config->key) == HF_HOME_FILE)
        return use_file(w, want, out, note, why);
    return hf_hardware_use(&plan, out, note, why);
}

/* What is read from files of the system's: OpenSSL's configuration, and the
 * public suffix list. */
static enum hf_err prepare(struct worker *w, const struct hf_issuer_want *want,
                           struct hf_why *why)
{
    struct hf_span folder = want->config.log_folder;
    enum hf_err err = hf_private_key_warm_up(why);

    if (folder.len >= sizeof(w->folder))
        return hf_fail(why, HF_ELIMIT, 0, "path too long");
    if (folder.len > 0)
        memcpy(w->folder, folder.ptr, folder.len);
    if (err == HF_OK)
        err = hf_digest_new(&w->digest, why);
    if (err == HF_OK && want->config.is_public && !want->founds)
        err = hf_suffixes_load(NULL, &w->issuance.suffixes, why);
    return err;
}

static enum hf_err open_all(struct worker *w, const struct hf_issuer_want *want,
                            struct hf_buf *spki, struct hf_buf *note,
                            struct hf_why *why)
{
    struct hf_token_key key = {0};
    struct hf_issuer_ready ready;
    enum hf_err err = prepare(w, want, why);

    if (err == HF_OK)
        err = get_key(w, want, &key, note, why);
    if (err != HF_OK)
        return err;
    w->signer = key.signer;
    w->founds = want->founds;
    w->issuance.digest = w->digest;
    err = hf_jwk_spki(hf_signer_jwk(&w->signer), spki, why);
    if (err == HF_OK && !w->founds)
        err = hf_issuance_init(&want->config, hf_buf_span(spki), w->signer.alg,
                               &w->issuance, why);
    if (err == HF_OK && !w->founds)
        err = hf_evidence_open(w->folder, HF_EVIDENCE_SEGMENT, &w->log, why);
    ready = (struct hf_issuer_ready){
        .kind = key.kind, .spki = hf_buf_span(spki), .key = hf_buf_span(note)};
    if (err == HF_OK)
        hf_issuer_put_ready(&w->out, &ready);
    return err;
}

/* What came is wiped: it was the passphrase. */
static bool start(struct worker *w)
{
    char spki_room[SPKI_MAX];
    char note_room[NOTE_MAX];
    struct hf_issuer_want want;
    struct hf_buf spki, note;
    struct hf_frame frame;
    struct hf_why why = {0};
    enum hf_err err;

    if (!hf_role_next(w->fd, &w->in, HF_ISSUER_IN_MAX, &frame) ||
        hf_issuer_read_want(&frame, &want, &why) != HF_OK)
        return false;
    hf_buf_init(&spki, spki_room, sizeof(spki_room));
    hf_buf_init(&note, note_room, sizeof(note_room));
    err = open_all(w, &want, &spki, &note, &why);
    explicit_bzero(w->in.ptr, w->in.len);
    hf_buf_reset(&w->in);
    if (err != HF_OK) {
        hf_buf_reset(&w->out);
        hf_issuer_put_failed(&w->out, err, why.text);
    }
    hf_buf_clear_wiped(&note);
    return send_out(w) && err == HF_OK;
}

/* ---- orders ---- */

static void refuse(struct worker *w, uint64_t ticket, enum hf_err err,
                   const char *text)
{
    const struct hf_issuer_reply reply = {.ticket = ticket,
                                          .kind = HF_ISSUER_REFUSED,
                                          .err = err,
                                          .said = hf_span_str(text)};

    hf_issuer_put_reply(&w->out, &reply);
}

/* Its entry waits for the sync. */
static enum hf_err enter(struct worker *w, struct hf_issuance_draft *draft,
                         int64_t at, struct hf_why *why)
{
    struct hf_entry entry = {.at = at,
                             .kind = draft->kind == HF_ISSUER_ISSUED
                                         ? HF_SPAN("issue")
                                         : HF_SPAN("crl"),
                             .body = hf_buf_span(&w->body)};
    enum hf_err err = hf_evidence_append(w->log, &entry, why);

    draft->at = at;
    draft->entry = entry.number;
    memcpy(draft->hash, entry.hash, sizeof(draft->hash));
    return err;
}

static void finish(struct worker *w, struct hf_issuance_draft *draft,
                   enum hf_err err, int64_t at, struct hf_why *why)
{
    if (err == HF_OK)
        err = enter(w, draft, at, why);
    hf_buf_reset(&w->body);
    if (err == HF_OK) {
        w->draft_count++;
        return;
    }
    hf_buf_clear(&draft->tbs);
    refuse(w, draft->ticket, err, why->text);
}

static bool take_order(struct worker *w, struct hf_span body)
{
    struct hf_issuance_draft *draft = &w->drafts[w->draft_count];
    struct hf_issuer_order order;
    struct hf_why why = {0};
    enum hf_err err;

    if (hf_issuer_read_order(body, w->names, &order, &why) != HF_OK)
        return false;
    err = hf_issuance_draft(&w->issuance, &order, draft, &w->body, &why);
    finish(w, draft, err, order.now_at, &why);
    return true;
}

static bool take_crl(struct worker *w, struct hf_span body)
{
    struct hf_issuance_draft *draft = &w->drafts[w->draft_count];
    struct hf_issuer_crl crl;
    struct hf_why why = {0};
    enum hf_err err = hf_issuer_read_crl(body, &crl, &why);

    if (err != HF_OK)
        return false;
    err = hf_issuance_draft_crl(&w->issuance, &crl, draft, &w->body, &why);
    finish(w, draft, err, crl.this_update_at, &why);
    hf_free((void *)(uintptr_t)crl.revoked);
    return true;
}

/* The answer waits for the sync, as those about certificates do. */
static bool take_revocations(struct worker *w, struct hf_span body)
{
    struct hf_revoked room[HF_ISSUED_BATCH_MAX];
    struct hf_issuer_revocations read;
    struct hf_why why = {0};
    enum hf_err err = HF_OK;

    if (hf_issuer_read_revocations(body, room, &read, &why) != HF_OK)
        return false;
    for (size_t i = 0; i < read.count && err == HF_OK; i++)
        err = hf_issued_log_revoked(w->log, read.now_at, &read.list[i], &why);
    if (err == HF_OK)
        w->drafts[w->draft_count++] = (struct hf_issuance_draft){
            .ticket = read.ticket, .kind = HF_ISSUER_LOGGED};
    else
        refuse(w, read.ticket, err, why.text);
    return true;
}

/* Of orders that come after it. */
static bool take_profiles(struct worker *w, struct hf_span body)
{
    struct hf_issuer_profiles profiles;

    return hf_issuer_read_profiles(body, &profiles, NULL) == HF_OK &&
           hf_issuance_change(&w->issuance, &profiles, NULL) == HF_OK;
}

/* ---- signing ---- */

/* What was signed goes into the log, too, and a list beside it: tables that
 * lose certificates and revocations get them back from there. */
static enum hf_err keep(struct worker *w, const struct hf_issuance_draft *draft,
                        struct hf_span der, struct hf_why *why)
{
    struct hf_entry entry = {.at = draft->at, .kind = HF_SPAN("certificate")};
    enum hf_err err;

    if (draft->kind == HF_ISSUER_LISTED)
        return hf_kept_list_put(w->folder, draft->shard, der, why);
    hf_issued_put_certificate(&w->body, draft->entry, der);
    entry.body = hf_buf_span(&w->body);
    err = w->body.full ? hf_fail(why, HF_ENOMEM, 0, "out of memory")
                       : hf_evidence_append(w->log, &entry, why);
    hf_buf_reset(&w->body);
    return err;
}

static void sign(struct worker *w, const struct hf_issuance_draft *draft)
{
    char room[2 * HF_X509_SERIAL_MAX];
    struct hf_issuer_reply reply = {
        .ticket = draft->ticket,
        .kind = draft->kind,
        .shard = draft->shard,
        .entry = draft->entry,
        .hash = {(const char *)draft->hash, sizeof(draft->hash)}};
    struct hf_buf serial, der;
    struct hf_why why = {0};
    enum hf_err err;

    hf_buf_init_grow(&der, draft->tbs.len + HF_X509_ENVELOPE_MAX);
    hf_buf_init(&serial, room, sizeof(room));
    hf_put_hex(&serial, (struct hf_span){(const char *)draft->serial,
                                         draft->serial_len});
    err = hf_x509_sign(&w->signer, hf_buf_span(&draft->tbs), &der, &why);
    if (err == HF_OK)
        err = keep(w, draft, hf_buf_span(&der), &why);
    reply.der = hf_buf_span(&der);
    reply.serial = hf_buf_span(&serial);
    if (err == HF_OK)
        hf_issuer_put_reply(&w->out, &reply);
    else
        refuse(w, draft->ticket, err, why.text);
    hf_buf_clear(&der);
}

static void tell_logged(struct worker *w, const struct hf_issuance_draft *draft)
{
    const struct hf_issuer_reply reply = {.ticket = draft->ticket,
                                          .kind = HF_ISSUER_LOGGED};

    hf_issuer_put_reply(&w->out, &reply);
}

/* Nothing is signed before the disk has all that waited, and nothing is handed
 * out before it is in the log, whose end the next sync brings to the disk. */
static enum hf_err sign_all(struct worker *w, struct hf_why *why)
{
    size_t mark = w->out.len;
    enum hf_err err = hf_evidence_sync(w->log, why);

    if (err != HF_OK)
        return err;
    for (size_t i = 0; i < w->draft_count; i++)
        if (w->drafts[i].kind == HF_ISSUER_LOGGED)
            tell_logged(w, &w->drafts[i]);
        else
            sign(w, &w->drafts[i]);
    err = hf_evidence_write(w->log, why);
    if (err != HF_OK)
        w->out.len = mark;
    return err;
}

static bool flush(struct worker *w)
{
    struct hf_why why = {0};
    enum hf_err err = HF_OK;

    if (w->draft_count > 0)
        err = sign_all(w, &why);
    for (size_t i = 0; i < w->draft_count; i++) {
        if (err != HF_OK)
            refuse(w, w->drafts[i].ticket, err, why.text);
        hf_buf_clear(&w->drafts[i].tbs);
    }
    w->draft_count = 0;
    return w->out.len == 0 || send_out(w);
}

/* ---- founding ---- */

static enum hf_err certify(struct worker *w,
                           const struct hf_ca_certificate *wish,
                           struct hf_span root, struct hf_why *why)
{
    struct hf_ca_certificate certificate = *wish;
    unsigned char serial[HF_SERIAL_LEN];
    char room[HF_CA_TBS_MAX];
    struct hf_buf der;
    struct hf_der tbs;
    enum hf_err err = hf_serial_make(serial, why);

    certificate.serial = serial;
    certificate.serial_len = sizeof(serial);
    hf_der_init(&tbs, room, sizeof(room));
    if (err == HF_OK && !certificate.is_root)
        err = hf_x509_read_issuer(root, &certificate.issuer, why);
    if (err == HF_OK)
        err = hf_ca_certificate_build(&certificate, w->signer.alg, &tbs, why);
    if (err != HF_OK)
        return err;
    hf_buf_init_grow(&der, sizeof(room) + HF_X509_ENVELOPE_MAX);
    err = hf_x509_sign(&w->signer, hf_der_span(&tbs), &der, why);
    if (err == HF_OK)
        hf_issuer_put_certified(&w->out, hf_buf_span(&der));
    hf_buf_clear(&der);
    return err;
}

static bool take_certify(struct worker *w, struct hf_span body)
{
    struct hf_span permitted[HF_CA_PERMITTED_MAX];
    struct hf_ca_certificate wish;
    struct hf_span root;
    struct hf_why why = {0};
    enum hf_err err;

    if (hf_issuer_read_certify(body, permitted, &wish, &root, &why) != HF_OK)
        return false;
    err = certify(w, &wish, root, &why);
    if (err != HF_OK)
        hf_issuer_put_failed(&w->out, err, why.text);
    return true;
}

/* ---- all of it ---- */

/* Who founds a CA issues nothing, and who issues makes no CA. */
static bool take_frame(struct worker *w, const struct hf_frame *frame)
{
    if (w->founds)
        return frame->kind == HF_ISSUER_CERTIFY && take_certify(w, frame->body);
    if (w->draft_count == HF_ISSUED_BATCH_MAX && !flush(w))
        return false;
    if (frame->kind == HF_ISSUER_ISSUE)
        return take_order(w, frame->body);
    if (frame->kind == HF_ISSUER_REVOKE)
        return take_revocations(w, frame->body);
    if (frame->kind == HF_ISSUER_PROFILES)
        return take_profiles(w, frame->body);
    return frame->kind == HF_ISSUER_LIST && take_crl(w, frame->body);
}

/* All frames that are there. */
static bool take_frames(struct worker *w)
{
    struct hf_span rest = hf_buf_span(&w->in);
    struct hf_frame frame;
    bool more = true;

    while (more) {
        if (hf_frame_cut(&rest, HF_ISSUER_IN_MAX, &frame, &more, NULL) != HF_OK)
            return false;
        if (more && !take_frame(w, &frame))
            return false;
    }
    hf_role_consume(&w->in, rest);
    return flush(w);
}

/* The head of the log is brought up to date when nothing comes, and when that
 * takes too long. A disk that does not take it takes no evidence either. */
static void rest(struct worker *w, bool is_quiet)
{
    int64_t now_ms = hf_clock_ms();

    if (w->log == NULL || !hf_evidence_is_ahead(w->log) ||
        (!is_quiet && now_ms < w->rested_at_ms + REST_MS))
        return;
    w->rested_at_ms = now_ms;
    (void)hf_evidence_rest(w->log, NULL);
}

static bool serve(struct worker *w)
{
    struct pollfd pfd = {.fd = w->fd, .events = POLLIN};

    for (;;) {
        bool waits = w->log != NULL && hf_evidence_is_ahead(w->log);
        int n;

        if (w->in.len == w->in.cap && hf_buf_reserve(&w->in, 1) == NULL)
            return false;
        n = poll(&pfd, 1, waits ? QUIET_MS : -1);
        rest(w, n == 0);
        if (n <= 0)
            continue;
        if (!hf_role_receive(w->fd, &w->in, MSG_DONTWAIT))
            return w->in.len == 0;
        if (!take_frames(w))
            return false;
    }
}

bool hf_issuer_worker_run(int fd)
{
    struct worker *w = hf_alloc(1, sizeof(*w));
    bool good;

    if (w == NULL)
        return false;
    w->fd = fd;
    hf_role_ignore_signals();
    hf_openssl_start(false);
    hf_buf_init_grow(&w->in, HF_FRAME_HEAD + HF_ISSUER_IN_MAX);
    hf_buf_init_grow(&w->out, HF_ISSUER_OUT_MAX);
    hf_buf_init_grow(&w->body, HF_ENTRY_MAX);
    /* A secret that comes in pieces must not be left behind by growing. */
    good = hf_buf_reserve(&w->in, FIRST_MAX) != NULL && start(w) && serve(w);
    rest(w, true);
    hf_evidence_free(w->log);
    hf_signer_clear(&w->signer);
    hf_issuance_clear(&w->issuance);
    hf_digest_free(w->digest);
    hf_buf_clear(&w->body);
    hf_buf_clear_wiped(&w->in);
    hf_buf_clear(&w->out);
    hf_free(w);
    return good;
}
