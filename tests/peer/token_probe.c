/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_probe.c -- for pkcs11.sh and the like:
 *
 *     token_probe FOLDER WHERE PIN [KEY.pem]
 *
 * Opens the key with the shared object in FOLDER, signs with it, and prints
 * "ALG THUMBPRINT", or the reason why not. With KEY.pem, a file that holds the
 * same key, OpenSSL verifies there.
 *
 *     token_probe climb WHERE PIN HOLE...
 *
 * Is the process that has the key, as the program starts it, and afterwards
 * tries what its wall should not let through: prints what works.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/key_msg.h"
#include "client/key_worker.h"
#include "crypto/token.h"

#define TEXT HF_SPAN("eyJhbGciOiJub25lIn0.e30")

/* r and s of JWS as OpenSSL wants them; the length of it in `out`. */
static size_t to_der(struct hf_span halves, unsigned char *out)
{
    const unsigned char *at = (const unsigned char *)halves.ptr;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    int half = (int)halves.len / 2;
    int len = 0;

    if (ECDSA_SIG_set0(pair, BN_bin2bn(at, half, NULL),
                       BN_bin2bn(at + half, half, NULL)) == 1)
        len = i2d_ECDSA_SIG(pair, &out);
    ECDSA_SIG_free(pair);
    return (size_t)len;
}

static int verify(const struct hf_signer *signer, struct hf_span signature,
                  const char *path)
{
    const EVP_MD *md = signer->alg == HF_EDDSA   ? NULL
                       : signer->alg == HF_ES384 ? EVP_sha384()
                                                 : EVP_sha256();
    BIO *bio = BIO_new_file(path, "r");
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char octets[HF_SIGNATURE_MAX];
    size_t len = signature.len;
    int good;

    if (signer->alg == HF_ES256 || signer->alg == HF_ES384)
        len = to_der(signature, octets);
    else
        memcpy(octets, signature.ptr, len);
    good = EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) == 1 &&
           EVP_DigestVerify(ctx, octets, len, (const unsigned char *)TEXT.ptr,
                            TEXT.len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    BIO_free(bio);
    return good;
}

/* ---- one key ---- */

/* As the program does, only that it looks beside itself. */
static const struct hf_token_driver *load(const char *folder, const char *where)
{
    char file[HF_TOKEN_FILE_MAX];
    char path[4096];
    void *object;

    hf_token_file(hf_span_str(where), file);
    (void)snprintf(path, sizeof(path), "%s/%s", folder, file);
    object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    return object == NULL ? NULL : dlsym(object, HF_TOKEN_SYMBOL);
}

static int probe(const char *folder, const char *where, const char *pin,
                 const char *path)
{
    const struct hf_token_plan plan = {.driver = load(folder, where),
                                       .where = hf_span_str(where)};
    struct hf_token_key key = {0};
    struct hf_token token = {0};
    struct hf_why why = {0};
    char room[2048];
    struct hf_buf out;
    enum hf_err err = hf_token_open(&plan, &token, &why);

    hf_buf_init(&out, room, sizeof(room));
    if (err == HF_OK)
        err = hf_token_use(&token, hf_span_str(pin), &key, &out, &why);
    for (int i = 0; i < 2 && err == HF_OK; i++) {
        hf_buf_init(&out, room, sizeof(room));
        err = key.signer.sign(key.signer.state, TEXT, &out, &why);
    }
    if (err != HF_OK)
        (void)printf("%d %s\n", (int)err, why.text);
    else if (path != NULL && !verify(&key.signer, hf_buf_span(&out), path))
        (void)printf("OpenSSL does not agree\n");
    else
        (void)printf("%s %.*s\n", hf_sig_alg_name(key.signer.alg),
                     HF_THUMBPRINT_LEN, key.signer.thumbprint);
    hf_signer_clear(&key.signer);
    hf_token_close(&token);
    return 0;
}

/* ---- the wall ---- */

static bool can_read(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0;
}

static bool can_write(void)
{
    return open("/tmp", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600) >= 0;
}

static bool can_use_network(void)
{
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 ||
           socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0;
}

static bool can_use_sockets(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0;
}

static bool can_listen(void)
{
    struct sockaddr_un any = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd >= 0 &&
           bind(fd, (struct sockaddr *)&any, sizeof(sa_family_t)) == 0 &&
           listen(fd, 1) == 0;
}

static bool can_fork(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    return pid > 0;
}

static bool can_execute(void)
{
    char name[] = "true";
    char *const argv[] = {name, NULL};
    char *const envp[] = {NULL};

    /* It comes back only when it does not work. */
    (void)execve("/bin/true", argv, envp);
    return false;
}

static const struct {
    const char *name;
    bool (*can)(void);
} attempts[] = {
    {"read", can_read},           {"write", can_write},
    {"network", can_use_network}, {"sockets", can_use_sockets},
    {"listen", can_listen},       {"fork", can_fork},
    {"execute", can_execute},
};

static void write_all(const char *text)
{
    (void)!write(STDOUT_FILENO, text, strlen(text));
}

static void put_holes(struct hf_buf *out, char **holes)
{
    for (; *holes != NULL; holes++)
        hf_buf_put(out, (struct hf_span){*holes, strlen(*holes) + 1});
}

static void be_worker(int fd)
{
    if (!hf_key_worker_run(fd)) {
        write_all("refused\n");
        _exit(1);
    }
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        if (!attempts[i].can())
            continue;
        write_all(attempts[i].name);
        write_all(" ");
    }
    write_all("end\n");
    _exit(0);
}

static int climb(const char *where, const char *pin, char **holes)
{
    struct hf_key_want want = {.origin = HF_SPAN("https://ca.example/dir"),
                               .passphrase = hf_span_str(pin),
                               .pem = hf_span_str(where)};
    struct hf_buf environment;
    struct hf_buf hole_text;
    struct hf_buf frame;
    int pair[2];
    pid_t pid;

    hf_buf_init_grow(&environment, HF_KEY_ENVIRONMENT_MAX);
    hf_buf_init_grow(&hole_text, HF_KEY_HOLES_TEXT_MAX);
    hf_buf_init_grow(&frame, 1 << 18);
    put_holes(&environment, environ);
    put_holes(&hole_text, holes);
    want.reach.environment = hf_buf_span(&environment);
    want.reach.holes = hf_buf_span(&hole_text);
    want.reach.tcti = hf_span_str(getenv("TPM2TOOLS_TCTI"));
    hf_key_put_want(&frame, &want);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return 1;
    pid = fork();
    if (pid == 0) {
        (void)close(pair[0]);
        be_worker(pair[1]);
    }
    (void)close(pair[1]);
    (void)hf_role_send(pair[0], hf_buf_span(&frame));
    (void)shutdown(pair[0], SHUT_WR);
    (void)waitpid(pid, NULL, 0);
    hf_buf_clear(&frame);
    hf_buf_clear(&hole_text);
    hf_buf_clear(&environment);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 64;
    if (strcmp(argv[1], "climb") == 0)
        return climb(argv[2], argv[3], argv + 4);
    return probe(argv[1], argv[2], argv[3], argv[4]);
}
