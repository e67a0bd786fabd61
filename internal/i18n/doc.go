// Package i18n has the words of Nafas in the three languages of its users.
package i18n
