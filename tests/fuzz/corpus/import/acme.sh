ACCOUNT_URL='https://ca.example:8443/acct/1'
CA_EMAIL="a@example.com"
