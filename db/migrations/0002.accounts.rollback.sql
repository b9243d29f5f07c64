drop table shop.addresses;
drop function shop.keep_one_default_address();
drop table auth.throttles;
drop table auth.one_time_tokens;
drop table auth.sessions;
drop table auth.accounts;
drop table shop.customers;
