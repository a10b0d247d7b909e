/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_floor.c -- the least that `record make` for many names can cost: read
 * a name, take the SHA-256 that draft -02 wants, write the line. No name is
 * checked, nothing is normalised, nothing is escaped.
 *
 *     record_floor URL <names                      the raw form
 *     record_floor URL PREFIX THUMBPRINT <names    the hashed form
 *
 * For names that need no work its output is that of `record make`, octet for
 * octet; the benchmark compares the two before it measures.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

struct floor {
    EVP_MD *md;
    EVP_MD_CTX *context;
    const char *url;
    const char *prefix;
    const char *thumbprint;
};

/* base64url of 32 octets: 43 characters. */
static void encode(const unsigned char *in, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned bits = 0;
    unsigned held = 0;
    size_t n = 0;

    for (size_t i = 0; i < 32; i++) {
        bits = bits << 8 | in[i];
        for (held += 8; held >= 6; held -= 6)
            out[n++] = digits[bits >> (held - 6) & 63];
    }
    out[n++] = digits[bits << (6 - held) & 63];
    out[n] = '\0';
}

static int put_hashed(const struct floor *floor, const char *name, size_t len)
{
    unsigned char digest[32];
    unsigned char octet = (unsigned char)len;
    char text[44];

    if (!EVP_DigestInit_ex2(floor->context, floor->md, NULL) ||
        !EVP_DigestUpdate(floor->context, &octet, 1) ||
        !EVP_DigestUpdate(floor->context, name, len) ||
        !EVP_DigestUpdate(floor->context, floor->thumbprint,
                          strlen(floor->thumbprint)) ||
        !EVP_DigestUpdate(floor->context, floor->url, strlen(floor->url)) ||
        !EVP_DigestFinal_ex(floor->context, digest, NULL))
        return 0;
    encode(digest, text);
    return printf("%ssha-256/%s", floor->prefix, text) > 0;
}

int main(int argc, char **argv)
{
    struct floor floor = {.md = EVP_MD_fetch(NULL, "SHA2-256", NULL),
                          .context = EVP_MD_CTX_new()};
    char line[512];

    if ((argc != 2 && argc != 4) || floor.md == NULL || floor.context == NULL)
        return 64;
    floor.url = argv[1];
    floor.prefix = argc == 4 ? argv[2] : NULL;
    floor.thumbprint = argc == 4 ? argv[3] : NULL;
    while (fgets(line, sizeof(line), stdin) != NULL) {
        size_t len = strcspn(line, "\n");

        line[len] = '\0';
        printf("_validation-persist.%s. 3600 IN TXT \"ca.example; "
               "accounturi=",
               line);
        if (floor.prefix == NULL)
            fputs(floor.url, stdout);
        else if (!put_hashed(&floor, line, len))
            return 1;
        puts("\"");
    }
    EVP_MD_CTX_free(floor.context);
    EVP_MD_free(floor.md);
    return fflush(stdout) != 0;
}
