/* SPDX-License-Identifier: Apache-2.0 */
/* lab_world.c -- where a laboratory keeps things, and the file that says so. */
#include "cli/lab_world.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/hex.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/folder.h"
#include "os/random.h"

#define CONFIG_MAX ((size_t)256 << 10)
#define SECRET_LEN 32
#define USUAL_PATH "PATH=/usr/local/bin:/usr/bin:/bin"

/* ---- files ---- */

static enum hf_err no_room(struct hf_why *why)
{
    return hf_fail(why, HF_ELIMIT, 0, "a path is too long");
}

static enum hf_err path_in(const struct hf_lab_world *world, const char *name,
                           char *out, size_t size, struct hf_why *why)
{
    int n = snprintf(out, size, "%s/%s", world->folder, name);

    return n > 0 && (size_t)n < size ? HF_OK : no_room(why);
}

enum hf_err hf_lab_write_file(const struct hf_lab_world *world,
                              const char *name, struct hf_span text,
                              struct hf_why *why)
{
    char path[PATH_MAX + 16];
    enum hf_err err = path_in(world, name, path, sizeof(path), why);

    return err == HF_OK ? hf_file_replace_path(path, text, why) : err;
}

static void put_path(struct hf_buf *out, const struct hf_lab_world *world,
                     const char *key, const char *name)
{
    hf_buf_puts(out, key);
    hf_buf_puts(out, " = \"");
    hf_buf_puts(out, world->folder);
    hf_buf_putc(out, '/');
    hf_buf_puts(out, name);
    hf_buf_puts(out, "\"\n");
}

static void put_server(const struct hf_lab *lab, struct hf_buf *out)
{
    hf_buf_puts(out, "127.0.0.1@");
    hf_buf_put_u64(out, hf_lab_server_port(lab->server, 0));
}

/* All zones at our server, as far as a resolver takes them. */
static void put_stubs(const struct hf_lab *lab, struct hf_buf *out)
{
    const struct hf_wire_name *name;

    hf_buf_puts(out, "stub = {");
    for (size_t i = 0; i < HF_RESOLVER_STUBS_MAX &&
                       (name = hf_lab_zone_name(lab->dns, i)) != NULL;
         i++) {
        hf_buf_puts(out, i == 0 ? "\"" : ", \"");
        hf_wire_name_put(out, name);
        hf_buf_putc(out, '=');
        put_server(lab, out);
        hf_buf_putc(out, '"');
    }
    hf_buf_puts(out, "}\nauthoritative-port = ");
    hf_buf_put_u64(out, hf_lab_server_port(lab->server, 0));
    hf_buf_putc(out, '\n');
}

static void put_publisher(const struct hf_lab *lab, struct hf_buf *out)
{
    const struct hf_wire_name *name;

    hf_buf_puts(out, "publisher lab {\nserver = \"");
    put_server(lab, out);
    hf_buf_puts(out, "\"\n");
    put_path(out, lab->world, "tsig-file", "zone.key");
    hf_buf_puts(out, "}\n");
    for (size_t i = 1; (name = hf_lab_zone_name(lab->dns, i)) != NULL; i++) {
        hf_buf_puts(out, "zone ");
        hf_wire_name_put(out, name);
        hf_buf_puts(out, " {\npublisher = \"lab\"\nforce = yes\n}\n");
    }
}

static void put_accounts(const struct hf_lab_world *world, struct hf_buf *out)
{
    for (size_t i = 0; i < world->account_count; i++) {
        hf_buf_puts(out, "account ");
        hf_buf_puts(out, world->accounts[i]);
        hf_buf_puts(out, " {\ndirectory = \"");
        hf_buf_puts(out, world->url);
        hf_buf_puts(out, "/directory\"\nplaintext = yes\nagree-tos = yes\n}\n");
    }
}

/* It listens where its URL says: at an address. */
static void put_authority(const struct hf_lab_world *world, struct hf_buf *out)
{
    struct hf_span place = hf_span_str(world->url);

    (void)hf_span_cut(&place, sizeof("https://") - 1);
    hf_buf_puts(out, "authority default {\nurl = \"");
    hf_buf_puts(out, world->url);
    hf_buf_puts(out, "\"\nlisten = \"");
    hf_buf_put(out, hf_span_cut(&place, hf_span_find(place, ':')));
    hf_buf_putc(out, '@');
    hf_buf_put_u64(out, world->programs[0].port);
    hf_buf_puts(out, "\"\nissuer-name = \"" HF_LAB_ISSUER "\"\n"
                     "internal-names = yes\nremember = 0\n}\n");
}

/* Zones and accounts come and go: written for every program anew. */
enum hf_err hf_lab_write_config(struct hf_lab *lab, struct hf_why *why)
{
    const struct hf_lab_world *world = lab->world;
    struct hf_buf text;
    enum hf_err err;

    hf_buf_init_grow(&text, CONFIG_MAX);
    hf_buf_puts(&text, "# What is where in this laboratory.\n");
    put_path(&text, world, "state-dir", "state");
    put_path(&text, world, "trust-anchor", "anchor");
    put_path(&text, world, "ca-bundle", "state/ca/root.pem");
    if (hf_cli_no_wall(lab->cli))
        hf_buf_puts(&text, "sandbox = off\n");
    put_stubs(lab, &text);
    put_publisher(lab, &text);
    if (world->url[0] != '\0') {
        put_accounts(world, &text);
        put_authority(world, &text);
    }
    err = text.full ? hf_fail(why, HF_ENOMEM, 0, "out of memory")
                    : hf_lab_write_file(world, "holdfast.conf",
                                        hf_buf_span(&text), why);
    hf_buf_clear(&text);
    return err;
}

static enum hf_err write_anchor(struct hf_lab *lab, struct hf_why *why)
{
    char room[256];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    hf_lab_dns_put_anchor(lab->dns, &text);
    return hf_lab_write_file(lab->world, "anchor", hf_buf_span(&text), why);
}

/* ---- the beginning and the end ---- */

void hf_lab_world_shift(struct hf_lab *lab)
{
    if (lab->world != NULL)
        hf_ahead_set(&lab->world->clock, lab->ahead_s);
}

/* The key with which zones are changed. */
static enum hf_err make_tsig(struct hf_lab_world *world, struct hf_why *why)
{
    unsigned char secret[SECRET_LEN];
    char room[128];
    struct hf_buf text;
    enum hf_err err = hf_random_fill(secret, sizeof(secret), why);

    hf_buf_init(&text, room, sizeof(room));
    hf_buf_puts(&text, "hmac-sha256:lab:");
    /* Hexadecimal digits are base64, too. */
    hf_put_hex(&text, (struct hf_span){(const char *)secret, sizeof(secret)});
    if (err == HF_OK)
        err = hf_tsig_key_parse(hf_buf_span(&text), &world->tsig, why);
    return err == HF_OK
               ? hf_lab_write_file(world, "zone.key", hf_buf_span(&text), why)
               : err;
}

/* Every laboratory has a network of its own: they can run side by side. */
static enum hf_err choose_net(struct hf_lab_world *world, struct hf_why *why)
{
    unsigned char octets[2];
    enum hf_err err = hf_random_fill(octets, sizeof(octets), why);

    (void)snprintf(world->net, sizeof(world->net), "127.%u.%u.",
                   1U + octets[0] % 254U, octets[1]);
    return err;
}

static enum hf_err make_paths(struct hf_lab_world *world, struct hf_why *why)
{
    static char path[] = USUAL_PATH;
    const char *temporary = hf_cli_folder_in("TMPDIR");
    enum hf_err err = hf_folder_make_temporary(
        temporary == NULL ? "/tmp" : temporary, "holdfast-lab-", world->folder,
        sizeof(world->folder), why);

    if (err != HF_OK)
        return err;
    (void)snprintf(world->home, sizeof(world->home), "HOME=%s", world->folder);
    world->env[0] = world->home;
    world->env[1] = path;
    err = path_in(world, "state", world->state, sizeof(world->state), why);
    if (err == HF_OK)
        err = hf_folder_make(world->state, why);
    return err == HF_OK ? path_in(world, "holdfast.conf", world->config,
                                  sizeof(world->config), why)
                        : err;
}

enum hf_err hf_lab_world_new(struct hf_lab *lab, struct hf_why *why)
{
    struct hf_lab_world *world = hf_alloc(1, sizeof(*world));
    enum hf_err err;

    if (world == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    lab->world = world;
    memcpy(world->programs[0].name, "ca", sizeof("ca"));
    err = make_paths(world, why);
    if (err == HF_OK)
        err = choose_net(world, why);
    if (err == HF_OK)
        err = make_tsig(world, why);
    if (err == HF_OK)
        err = hf_ahead_new(&world->clock, why);
    if (err == HF_OK)
        err = write_anchor(lab, why);
    lab->zone.key = world->tsig;
    return err;
}

void hf_lab_world_free(struct hf_lab *lab)
{
    struct hf_lab_world *world = lab->world;

    if (world == NULL)
        return;
    hf_http_clear(&world->http);
    if (lab->server != NULL)
        hf_lab_end_programs(lab);
    hf_ahead_clear(&world->clock);
    hf_tsig_key_free(world->tsig);
    if (world->folder[0] != '\0')
        hf_folder_remove(world->folder);
    hf_free(world);
    lab->world = NULL;
}
