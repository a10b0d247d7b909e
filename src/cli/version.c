/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/version.h"

#include <idn2.h>
#include <jansson.h>
#include <libpsl.h>
#include <openssl/crypto.h>

#include "base/time_text.h"
#include "cli/build.h"
#include "dns/resolver.h"
#include "holdfast/suffix.h"

static void put_library(struct hf_buf *out, const char *name,
                        const char *version)
{
    hf_buf_puts(out, name);
    hf_buf_putc(out, ' ');
    hf_buf_puts(out, version == NULL ? "unknown" : version);
    hf_buf_putc(out, '\n');
}

/* Its process knows which it is: "libunbound" and the version. */
static void put_resolver(struct hf_buf *out)
{
    const struct hf_resolver_config config = {.no_wall = true};
    struct hf_resolver resolver = {0};

    if (hf_resolver_unbound(&config, &resolver, NULL) == HF_OK)
        hf_buf_puts(out, resolver.label);
    else
        hf_buf_puts(out, "libunbound missing");
    hf_buf_putc(out, '\n');
    hf_resolver_clear(&resolver);
}

/* An old list calls a new public suffix a registrable name: say its date. */
static void put_suffix_list(struct hf_buf *out)
{
    struct hf_suffixes *suffixes = NULL;

    hf_buf_puts(out, "public suffix list ");
    if (hf_suffixes_load(NULL, &suffixes, NULL) != HF_OK) {
        hf_buf_puts(out, "missing\n");
        return;
    }
    hf_time_put(out, hf_suffixes_made_at(suffixes));
    hf_buf_puts(out, " (");
    hf_buf_puts(out, hf_suffixes_source(suffixes));
    hf_buf_puts(out, ")\n");
    hf_suffixes_free(suffixes);
}

void hf_version_put(struct hf_buf *out)
{
    put_library(out, "holdfast", HF_BUILD_VERSION);
    put_library(out, "OpenSSL", OpenSSL_version(OPENSSL_FULL_VERSION_STRING));
    put_resolver(out);
    put_library(out, "libidn2", idn2_check_version(NULL));
    put_library(out, "libpsl", psl_get_version());
    put_library(out, "jansson", jansson_version_str());
    put_suffix_list(out);
}
