# Apache and PHP for QloApps. The tree is not in the image: it is mounted at /qloapps-source and copied at start.
ARG BASE=debian:bookworm-slim
FROM ${BASE}

COPY docker/tools.packages docker/php.packages docker/install.sh /tmp/pms-drill/
RUN sh /tmp/pms-drill/install.sh /tmp/pms-drill/php.packages && sh /tmp/pms-drill/install.sh /tmp/pms-drill/tools.packages

COPY docker/qloapps.conf /etc/apache2/sites-available/000-default.conf
COPY docker/qloapps-entry.sh /usr/local/bin/qloapps-entry
# Without deflate: Debian's Apache compresses XML, and a recorded answer is QloApps' own.
RUN a2enmod -q rewrite env headers && a2dismod -q -f deflate && chmod 755 /usr/local/bin/qloapps-entry
EXPOSE 80
ENTRYPOINT ["qloapps-entry"]
CMD ["apache2ctl", "-D", "FOREGROUND"]
