/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The account files of other clients, as anybody might have left them: the
 * first octet says whose, the rest is what stands beside the key.
 */
#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/import.h"
#include "os/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where each has its key, and the file that is fuzzed. */
static const struct {
    const char *format;
    const char *folder;
    const char *key;
    const char *file;
} clients[] = {
    {"certbot", "accounts/ca.example/directory/id", "private_key.json",
     "regr.json"},
    {"acme.sh", "ca/ca.example/directory", "account.key", "ca.conf"},
    {"lego", "accounts/ca.example/me", "id.key", "account.json"},
    {"dehydrated", "accounts/aHR0cHM6Ly9jYS5leGFtcGxlL2RpcgoK",
     "account_key.pem", "account_id.json"},
    {"caddy", "acme/ca.example/users/me", "me.key", "me.json"},
    {"mod_md", "accounts/ACME-ca.example-0000", "account.pem", "account.json"},
    {"mod_md", "accounts/ACME-ca.example-0000", "account.pem",
     "../../md_store.json"},
};
#define CLIENTS (sizeof(clients) / sizeof(clients[0]))

static char root[] = "/tmp/hf-fuzz-import-XXXXXX";

static void path_of(size_t client, const char *name, char out[256])
{
    (void)snprintf(out, 256, "%s/%zu/%s/%s", root, client,
                   clients[client].folder, name);
}

static void write_to(const char *path, struct hf_span text)
{
    if (hf_file_replace_path(path, text, NULL) != HF_OK)
        abort();
}

static void remove_all(void)
{
    char command[64];

    (void)snprintf(command, sizeof(command), "rm -rf %s", root);
    (void)!system(command);
}

/* Every folder on the way. */
static void make_folders(const char *path)
{
    char part[256];

    for (const char *at = path + sizeof(root); *at != '\0'; at++) {
        if (*at != '/')
            continue;
        (void)snprintf(part, sizeof(part), "%.*s", (int)(at - path), path);
        (void)mkdir(part, 0700);
    }
}

static void begin(void)
{
    char path[256];

    if (mkdtemp(root) == NULL || atexit(remove_all) != 0)
        abort();
    for (size_t i = 0; i < CLIENTS; i++) {
        path_of(i, clients[i].key, path);
        make_folders(path);
        write_to(path, HF_SPAN("a key"));
        if (hf_span_starts(hf_span_str(clients[i].file), HF_SPAN(".."))) {
            path_of(i, "account.json", path);
            write_to(path, HF_SPAN("{\"url\":\"https://ca.example/1\"}"));
        }
    }
}

static void check(const struct hf_import *import)
{
    assert(strnlen(import->path, sizeof(import->path)) < PATH_MAX);
    assert(strnlen(import->directory, sizeof(import->directory)) <= HF_URL_MAX);
    assert(strnlen(import->url, sizeof(import->url)) <= HF_URL_MAX);
    assert(import->passphrase_len < sizeof(import->passphrase));
    assert(strstr(import->path, root) == import->path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool has_begun;
    struct hf_span text = {(const char *)data, size};
    struct hf_import import = {0};
    char path[256];
    size_t client;

    if (!has_begun)
        begin();
    has_begun = true;
    client = size == 0 ? 0 : (size_t)data[0] % CLIENTS;
    (void)hf_span_cut(&text, size == 0 ? 0 : 1);
    path_of(client, clients[client].file, path);
    write_to(path, text);
    (void)snprintf(path, sizeof(path), "%s/%zu", root, client);
    if (hf_import_read(hf_span_str(clients[client].format), path, &import,
                       NULL) == HF_OK)
        check(&import);
    hf_import_clear(&import);
    return 0;
}
